/** What Node says of a program that has run dry before it was done. */
const UNSETTLED = 13;

/** Ends the process at once: signals and a reader that never reads again must not keep it. */
export function exitWith(code: Promise<number>): void {
  process.exitCode = UNSETTLED;
  void code.then((settled) => process.exit(settled));
}
