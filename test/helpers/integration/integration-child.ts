import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { CmapConnectOptions } from '../../../src/index.ts';
import { bundled } from '../bundled.ts';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const HANG_MS = 30_000;

export interface User {
  readonly uid: number;
  readonly gid: number;
  readonly groups?: readonly number[];
}

/** What a process of its own is to do with our client. */
export type ChildTask =
  | {
      readonly do: 'connect';
      readonly options?: CmapConnectOptions;
      readonly user?: User;
    }
  /** Connects with 1, 2, ... descriptors free. */
  | { readonly do: 'connect with few descriptors'; readonly most: number }
  | { readonly do: 'use and close' }
  | { readonly do: 'filesystem sockets' };

/** What came of it: codes by name, values as text. */
export type ChildReport = Readonly<Record<string, string>>;

export type ChildProcess = ChildProcessByStdio<Writable, Readable, null>;

type Program =
  | 'integration-child-main'
  | 'integration-impostor-main'
  | 'integration-datagram-sender-main'
  | 'integration-recurring-main'
  | 'fault-callers-main'
  | 'fault-child-main'
  | 'fault-flood-main'
  | 'fault-user-main';

/** Starts a program of test/helpers, as Node runs it everywhere. */
export function spawnProgram(name: Program, argument: unknown, under: readonly string[] = []): ChildProcess {
  const folder = name.startsWith('fault') ? 'faults' : 'integration';
  const node = [process.execPath, bundled(`${folder}/${name}.ts`), JSON.stringify(argument)];
  const [command = '', ...args] = [...under, ...node];
  return spawn(command, args, { cwd: repository, stdio: ['pipe', 'pipe', 'inherit'] });
}

/** Runs a task in a process of its own; it must end by itself, that is, leave nothing that keeps it alive. */
export async function inChild(task: ChildTask, under: readonly string[] = []): Promise<ChildReport> {
  const child = spawnProgram('integration-child-main', task, under);
  child.stdin.end();
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const hang = setTimeout(() => child.kill('SIGKILL'), HANG_MS);
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  clearTimeout(hang);
  if (code !== 0) throw new Error(`the child ended with ${signal ?? String(code)}; it said: ${output}`);
  return JSON.parse(output) as ChildReport;
}
