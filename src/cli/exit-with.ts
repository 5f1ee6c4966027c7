import { writeSync } from 'node:fs';

/** What Node says of a program that has run dry before it was done. */
const UNSETTLED = 13;

/** Ends the process at once: signals and a reader that never reads again must not keep it. */
export function exitWith(code: Promise<number>): void {
  process.exitCode = UNSETTLED;
  process.once('exit', (exitCode) => {
    if (exitCode === UNSETTLED)
      writeSync(2, 'ended before it was done, which is a mistake of this program\n');
  });
  code.then(
    (settled) => process.exit(settled),
    // Not as a rejection, which the user of NODE_OPTIONS may have asked to be ignored.
    (error: unknown) => setImmediate(() => rethrow(error)),
  );
}

function rethrow(error: unknown): never {
  throw error;
}
