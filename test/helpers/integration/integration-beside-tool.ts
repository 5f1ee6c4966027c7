import { expect } from 'vitest';
import { built, outcomeOf, shell, startShell, type Outcome } from '../../cli/program.ts';

/** A drop-in and the C tool that it stands for. */
export interface Tools {
  readonly ours: string;
  readonly theirs: string;
}

/** To be asked for when a test runs: they have to be built. */
export const QUORUMTOOL = (): Tools => ({ ours: built('quorumtool-main'), theirs: 'corosync-quorumtool' });
export const CPGTOOL = (): Tools => ({ ours: built('cpgtool-main'), theirs: 'corosync-cpgtool' });
export const CFGTOOL = (): Tools => ({ ours: built('cfgtool-main'), theirs: 'corosync-cfgtool' });

const DATE = /^Date: {13}(\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4})$/gm;

/** What counts: standard output to the byte, and the exit code. Both tools tell the time, each its own. */
export function essence({ stdout, code }: Pick<Outcome, 'stdout' | 'code'>): {
  stdout: string;
  code: number;
} {
  const text = stdout.toString('latin1').replace(DATE, (_line, date: string) => {
    expect(Math.abs(Date.parse(date) - Date.now()), date).toBeLessThan(120_000);
    return 'Date: now';
  });
  return { stdout: text, code };
}

export interface Besides {
  /** In front of both commands, such as one that changes the user. */
  readonly under?: string;
  /** Applied to the output of both, for what the C tool leaves to chance. */
  readonly normalize?: (stdout: string) => string;
}

/** Runs both tools with these arguments, which are bash syntax. Standard error differs in the program's name only. */
export async function compareTools(
  tools: () => Tools,
  line: string,
  { under = '', normalize = (text) => text }: Besides = {},
): Promise<Outcome> {
  const { ours, theirs } = tools();
  const their = await shell(`exec ${under} ${theirs} ${line}`);
  const own = await shell(`exec ${under} ${ours} ${line}`);
  const shown = (outcome: Outcome): unknown => {
    const { stdout, code } = essence(outcome);
    return { stdout: normalize(stdout), code };
  };
  expect(shown(own), own.stderr).toEqual(shown(their));
  expect(own.stderr.replace(/^(?:quorum|cfg|cpg)tool:/, `${theirs}:`)).toBe(their.stderr);
  return their;
}

/** Starts both; what they print until they end is compared at the end. */
export function startBoth(
  tools: () => Tools,
  line: string,
): { readonly ended: () => Promise<readonly Outcome[]> } {
  const { ours, theirs } = tools();
  const running = [theirs, ours].map((tool) => outcomeOf(startShell(`exec ${tool} ${line}`)));
  return { ended: () => Promise.all(running) };
}
