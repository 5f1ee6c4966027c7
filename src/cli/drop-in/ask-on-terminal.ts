import { createInterface } from 'node:readline';
import { isatty } from 'node:tty';

/** True where nobody can be asked: standard input or standard error is no terminal. */
export async function askOnTerminal(question: string): Promise<boolean> {
  if (!isatty(0) || !isatty(2)) return true;
  // The terminal stays as it is, so that Ctrl-C ends the process, and nothing was done.
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  const answer = await new Promise<string>((resolve) => {
    lines.question(question, resolve);
    lines.once('close', () => resolve(''));
  });
  lines.close();
  return /^\s*y(?:es)?\s*$/i.test(answer);
}
