import type { SoakOptions } from './options.ts';
import type { Totals } from './totals.ts';

const GROUPS: readonly (readonly [heading: string, names: readonly string[] | 'CS_'])[] = [
  ['calls by outcome', 'CS_'],
  ['', ['aborted', 'iterations', 'connects', 'session calls', 'service calls', 'group calls']],
  [
    'notifications',
    [
      'notifications',
      'overflows',
      'follower notifications',
      'follower overflows',
      'service events',
      'messages of groups',
    ],
  ],
  ['sessions', ['losses', 'reconnects', 'resyncs']],
  ['done to corosync', ['pauses', 'restarts', 'reloads', 'starvations']],
  ['done to workers', ['worker pauses', 'workers killed']],
  ['C peer', ['calls of the C peer', 'losses of the C peer']],
  ['checked', ['quiet points', 'pictures compared', 'states compared']],
  ['wrong', ['mismatches', 'leaks']],
];

/** A table of what has happened so far. */
export function formatTotals(seconds: number, totals: Totals, complaints: number): string {
  const { counts } = totals;
  const rows = GROUPS.flatMap(([heading, names]) => {
    const list =
      names === 'CS_'
        ? Object.keys(counts)
            .filter((name) => name.startsWith('CS_'))
            .sort()
        : names;
    const cells = list.map((name) => `${name} ${counts[name] ?? 0}`);
    return cells.length === 0 ? [] : [[heading, cells.join(', ')] as const];
  });
  const measured = [
    `worst call of the C peer, by what happened meanwhile: ${Object.entries(totals.worstPeerMs)
      .map(([what, ms]) => `${what} ${ms.toFixed(0)} ms`)
      .join(', ')}`,
    `corosync grew by ${megabytes(totals.corosyncGrowthBytes)}, a worker's heap by ${megabytes(totals.heapGrowthBytes)}`,
    `unexpected lines in corosync's log ${complaints}`,
  ];
  const lines = [...rows, ...measured.map((text) => ['', text] as const)];
  return [
    `after ${seconds.toFixed(0)} s`,
    ...lines.map(([heading, text]) => `  ${heading.padEnd(16)}  ${text}`),
  ].join('\n');
}

export function toJson(
  options: SoakOptions,
  seconds: number,
  totals: Totals,
  complaints: readonly string[],
): string {
  const { counts, notes, worstPeerMs, corosyncGrowthBytes, heapGrowthBytes } = totals;
  const measured = { worstPeerMs, corosyncGrowthBytes, heapGrowthBytes };
  return `${JSON.stringify({ good: totals.good, options, seconds, counts, measured, notes, complaints }, undefined, 2)}\n`;
}

const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`;
