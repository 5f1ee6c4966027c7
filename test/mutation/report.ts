import { readFileSync } from 'node:fs';

interface Mutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status: string;
  readonly statusReason?: string;
  readonly location: { readonly start: { readonly line: number; readonly column: number } };
}

interface Report {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>;
}

/**
 * A hanging mutant is found out as surely as a failing one; but a busy machine makes some hang, so they are counted apart: those that Stryker
 * ends, and those of which a test ends by its own timeout. A loop that turns too often is counted, and takes no clock.
 */
function byTime({ status, statusReason = '' }: Mutant): boolean {
  if (status === 'Timeout') return !statusReason.startsWith('Hit limit');
  return status === 'Killed' && /timed out|in vain/.test(statusReason);
}

const FOUND = ['Killed', 'Timeout'];
const COUNTED = ['Killed', 'Timeout', 'Survived', 'NoCoverage'];

const reports = process.argv.slice(2).map((folder) => {
  const file = `build/mutation/${folder.replaceAll('/', '-')}.json`;
  return { folder, report: JSON.parse(readFileSync(file, 'utf8')) as Report };
});

for (const { report } of reports) {
  for (const [path, { source, mutants }] of Object.entries(report.files)) {
    const lines = source.split('\n');
    for (const { status, location, mutatorName, replacement = '' } of mutants) {
      if (FOUND.includes(status) || !COUNTED.includes(status)) continue;
      const { line, column } = location.start;
      console.log(
        `${path}:${line}:${column} ${status} ${mutatorName}: ${replacement.replaceAll(/\s+/g, ' ')}`,
      );
      console.log(`    ${(lines[line - 1] ?? '').trim()}`);
    }
  }
}

for (const { folder, report } of reports) {
  const all = Object.values(report.files).flatMap(({ mutants }) => mutants);
  const statuses = all.map(({ status }) => status);
  const timed = all.filter(byTime).length;
  const count = (...which: string[]): number => statuses.filter((status) => which.includes(status)).length;
  const share = ((count(...FOUND) / count(...COUNTED)) * 100).toFixed(1);
  console.log(
    `${folder}: ${share} % of ${count(...COUNTED)} mutants found out: ${count(...FOUND) - timed} by a test that fails, ${timed} by one that ` +
      `does not end; ${count('Survived')} survive, ${count('NoCoverage')} are reached by no test`,
  );
}
