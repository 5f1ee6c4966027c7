import { createInterface } from 'node:readline';

/**
 * Serves commands, one per line on stdin, until its end: one line of JSON for each.
 * @param {Record<string, (...words: string[]) => unknown>} commands
 */
export async function serve(commands) {
  for await (const line of createInterface({ input: process.stdin })) {
    const [name = '', ...words] = line.split(' ');
    const command = commands[name];
    if (command === undefined) throw new Error(`no such command: ${line}`);
    answer(await command(...words));
  }
}

/** @param {unknown} figures */
export function answer(figures) {
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}
