import type { Finding } from './event-types.ts';
import type { Comparison } from './told.ts';

/** Whom corosync has put off. */
export function* ipcFindings({ previous, next, restarted, since }: Comparison): Generator<Finding> {
  for (const { name, overloads } of next.ipc?.processes ?? []) {
    const before = previous.ipc?.processes.find((process) => process.name === name);
    // What is there for the first time may have been there before it was looked for.
    if (restarted || before === undefined || overloads <= before.overloads) continue;
    const times = Number(overloads - before.overloads);
    const message = `Corosync was too busy for ${name}, ${times === 1 ? 'once' : `${times} times`}.`;
    yield { type: 'ipc.overload', message, process: name, times, notBefore: since, inferred: true };
  }
}
