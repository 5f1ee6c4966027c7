import { spawn, type ChildProcessWithoutNullStreams, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What a program left behind. */
export interface Outcome {
  readonly stdout: Buffer;
  readonly stderr: string;
  /** 128 + N after signal N, as in a shell. */
  readonly code: number;
}

export type RunningProgram = ChildProcessWithoutNullStreams;

/** The built program, as a command for a shell. */
export function built(
  name: 'main' | 'cmapctl-main' | 'quorumtool-main' | 'cfgtool-main' | 'cpgtool-main',
): string {
  const file = fileURLToPath(new URL(`../../dist/cli/${name}.cjs`, import.meta.url));
  if (!existsSync(file)) throw new Error(`${file} is missing: run npm run build first`);
  return `node '${file}'`;
}

/** Runs a line of bash, which passes any bytes as arguments ($'\xe9'). Standard input is empty. */
export function shell(line: string, options: SpawnOptions = {}): Promise<Outcome> {
  return outcomeOf(startShell(line, options));
}

/** The same without waiting for it. Put "exec" before a command to have its pid. */
export function startShell(line: string, options: SpawnOptions = {}): RunningProgram {
  const { env = process.env, ...others } = options;
  // A bash whose standard input is a socket takes itself for a remote one, and runs the user's .bashrc. It complains of a language that
  // this machine does not have.
  const child = spawn('bash', ['--norc', '-c', line], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...env, LC_ALL: 'C', BASH_ENV: undefined },
    ...others,
  });
  // With stdio pipes where they are used; standard input only if the caller asked for it.
  return child as RunningProgram;
}

export async function outcomeOf(child: RunningProgram): Promise<Outcome> {
  const closed = once(child, 'close');
  const [stdout, stderr] = await Promise.all([contents(child.stdout), contents(child.stderr)]);
  await closed;
  return { stdout, stderr: stderr.toString('latin1'), code: exitCodeOf(child) };
}

async function contents(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const SIGNAL_NUMBERS: Readonly<Record<string, number | undefined>> = (await import('node:os')).constants
  .signals;

export function exitCodeOf({ exitCode, signalCode }: RunningProgram): number {
  if (signalCode !== null) return 128 + (SIGNAL_NUMBERS[signalCode] ?? 0);
  return exitCode ?? -1;
}

export function pidOf({ pid }: RunningProgram): number {
  if (pid === undefined) throw new Error('the program could not be started');
  return pid;
}
