import { setTimeout as sleep } from 'node:timers/promises';
import { peerScript, type Bench } from '../bench.ts';
import { comparison, type Finding } from '../finding.ts';
import { Peer } from '../peer.ts';
import { processCost, residentMegabytes, type ProcessCost } from '../process-cost.ts';

/** Some 8 s after a program has become quiet V8 collects its garbage once more, which costs 20 ms and is not ours. */
const SETTLE_MS = 15_000;

/** A tracker that nothing happens to, beside a Node program that does nothing. Looked at from outside, so as not to wake it. */
export async function idle(bench: Bench): Promise<Finding[]> {
  const seconds = bench.options.quick ? 10 : 60;
  await using ours = new Peer(process.execPath, [peerScript('idle'), bench.options.dist]);
  await using nothing = new Peer(process.execPath, [peerScript('idle')]);
  const peers = [ours, nothing] as const;
  await Promise.all(peers.map((peer) => peer.answer()));
  await sleep(SETTLE_MS);
  const before = peers.map(({ pid }) => processCost(pid));
  await sleep(seconds * 1000);
  const [oursCost, nothingCost] = peers.map(({ pid }, i) => since(before[i], processCost(pid)));
  const [oursSize, nothingSize] = peers.map(({ pid }) => residentMegabytes(pid));
  for (const peer of peers) peer.kill();
  const pair = (ours = NaN, other = NaN): { ours: number[]; name: string; other: number[] } => ({
    ours: [ours],
    name: 'empty Node program',
    other: [other],
  });
  const what = `tracker, ${seconds} s`;
  return [
    comparison({
      what: `${what}: processor time`,
      unit: 'ms',
      ...pair(oursCost?.cpuMs, nothingCost?.cpuMs),
      goal: { of: 'ours', atMost: 10 },
    }),
    comparison({
      what: `${what}: wake-ups, main thread`,
      unit: '',
      ...pair(oursCost?.mainWakeUps, nothingCost?.mainWakeUps),
    }),
    comparison({
      what: `${what}: wake-ups, all threads`,
      unit: '',
      ...pair(oursCost?.wakeUps, nothingCost?.wakeUps),
    }),
    comparison({
      what: `${what}: resident memory`,
      unit: 'MB',
      ...pair(oursSize, nothingSize),
      goal: { of: 'ratio', atMost: 1.25 },
    }),
  ];
}

function since(before: ProcessCost | undefined, after: ProcessCost): ProcessCost {
  return {
    cpuMs: after.cpuMs - (before?.cpuMs ?? 0),
    wakeUps: after.wakeUps - (before?.wakeUps ?? 0),
    mainWakeUps: after.mainWakeUps - (before?.mainWakeUps ?? 0),
  };
}
