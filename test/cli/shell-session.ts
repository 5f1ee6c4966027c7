import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startShell, type Outcome, type RunningProgram } from './program.ts';

const WORDS = `words() { for word; do printf '%s\\0' "$word"; done; }`;

/** One bash for many lines: to start one for each takes longer than most of what they run. */
export class ShellSession {
  readonly #directory = mkdtempSync(join(tmpdir(), 'shell-session-'));
  readonly #bash: RunningProgram;
  readonly #codes: AsyncIterator<string>;

  constructor(cwd: string) {
    this.#bash = startShell('exec bash', { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#codes = createInterface({ input: this.#bash.stdout })[Symbol.asyncIterator]();
    this.#bash.stdin.write(`${WORDS}\n`);
  }

  /** Runs a line in a subshell, with an empty standard input. One after the other. */
  async run(line: string): Promise<Outcome> {
    const out = join(this.#directory, 'out');
    const err = join(this.#directory, 'err');
    this.#bash.stdin.write(`(${line}\n) </dev/null >${out} 2>${err}; echo $?\n`);
    const { value, done } = (await this.#codes.next()) as IteratorResult<string, undefined>;
    if (done === true) throw new Error(`bash ended at: ${line}`);
    return { stdout: readFileSync(out), stderr: readFileSync(err, 'latin1'), code: Number(value) };
  }

  /** The arguments that bash makes of a line, one character per byte. */
  async words(line: string): Promise<string[]> {
    const { stdout } = await this.run(`words ${line}`);
    return stdout.toString('latin1').split('\0').slice(0, -1);
  }

  async stop(): Promise<void> {
    const closed = once(this.#bash, 'close');
    this.#bash.stdin.end();
    await closed;
    rmSync(this.#directory, { recursive: true });
  }
}
