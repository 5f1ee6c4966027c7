/** The other side of integration-child.ts: one task, then the report on stdout. */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';
import { CmapClient, CsError, type CmapConnectOptions } from '../../../src/index.ts';
import { CmapPeer } from '../corosync/c-peer.ts';
import { collect } from './integration-collect.ts';
import type { ChildReport, ChildTask, User } from './integration-child.ts';
import { coverTmp } from './integration-cover-tmp.ts';
import { outcomeName } from './integration-outcome.ts';
import { openDescriptors } from '../open-descriptors.ts';
import { PrivateCorosync } from '../corosync/private-corosync.ts';
import { waitUntil } from '../wait-until.ts';

async function run(task: ChildTask): Promise<ChildReport> {
  switch (task.do) {
    case 'connect': {
      if (task.user !== undefined) become(task.user);
      return connect(task.options);
    }
    case 'connect with few descriptors':
      return connectWithFewDescriptors(task.most);
    case 'use and close':
      return useAndClose();
    case 'filesystem sockets':
      return filesystemSockets();
  }
}

/** Only now, so that the program itself is read with all rights. */
function become({ uid, gid, groups = [] }: User): void {
  process.setgroups?.([...groups]);
  process.setgid?.(gid);
  process.setuid?.(uid);
}

/** What each attempt came to, by the descriptors that were free; how many it has left open; and an attempt with all of them. */
async function connectWithFewDescriptors(most: number): Promise<ChildReport> {
  const before = openDescriptors().length;
  const report: Record<string, string> = {};
  for (let free = 1; free <= most; free++) {
    const taken = takeDescriptors(free);
    const { code = '', errno = '' } = await connect({ tryAgainAttempts: 0 });
    for (const fd of taken) closeSync(fd);
    report[free] = `${code} ${errno}`.trim();
  }
  await waitUntil('sockets are closed', () => openDescriptors().length <= before);
  return { ...report, after: (await connect()).code ?? '' };
}

/** Opens files until only `free` more can be opened. */
function takeDescriptors(free: number): number[] {
  const taken: number[] = [];
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'));
  } catch {
    for (const fd of taken.splice(taken.length - free)) closeSync(fd);
  }
  return taken;
}

async function connect(options?: CmapConnectOptions): Promise<ChildReport> {
  try {
    const client = await CmapClient.connect(options);
    const version = await client.getUint32('totem.version');
    await client.close();
    return { code: 'CS_OK', version: String(version) };
  } catch (error) {
    if (!(error instanceof CsError)) throw error;
    return { code: error.code, errno: error.errno ?? '', message: error.message };
  }
}

/** Everything that has timers, listeners or descriptors; then the process must end by itself. */
async function useAndClose(): Promise<ChildReport> {
  const client = await CmapClient.connect({ signal: new AbortController().signal });
  const tracker = await client.track('', { prefix: true });
  const loop = collect(tracker);
  await Promise.all(Array.from({ length: 300 }, (_, n) => client.setUint32('child.key', n)));
  for await (const { key } of client.keys()) if (key !== '') break;
  await client.get('child.key', { timeoutMs: 60_000 });
  await Promise.all([client.close(), client.close()]);
  await client.close();
  await loop;
  return { code: 'CS_OK' };
}

const FORCE_FILE = '/etc/libqb/force-filesystem-sockets';

/** Must run in a mount namespace of its own (unshare -m): what is mounted here nobody else sees. */
async function filesystemSockets(): Promise<ChildReport> {
  mkdirSync(dirname(FORCE_FILE), { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', dirname(FORCE_FILE)]);
  coverTmp();
  process.chdir(process.cwd());
  writeFileSync(FORCE_FILE, '');
  await using corosync = await PrivateCorosync.start();
  const [, directory = ''] = / (\/\S*)\/cmap$/m.exec(readFileSync('/proc/net/unix', 'utf8')) ?? [];
  const detected = await connect();
  const given = await connect({ socketDirectory: directory });
  const slashed = await connect({
    socketDirectory: `${directory}/`,
    sharedMemoryDirectory: '/proc/self/root/dev/shm',
  });
  const wrong = await connect({ socketDirectory: '/var' });
  await using peer = CmapPeer.start();
  const log = corosync.logLines('warning').join('\n');
  const isFile = String(existsSync(`${directory}/cmap`));
  await corosync.stop();
  const gone = await connect({ tryAgainAttempts: 0 });
  return {
    isFile,
    gone: gone.code ?? '',
    goneForLibcmap: String(outcomeName((await peer.connect()).code)),
    detected: detected.code ?? '',
    given: given.code ?? '',
    slashed: slashed.code ?? '',
    wrong: `${wrong.code ?? ''} ${wrong.errno ?? ''}`,
    message: wrong.message ?? '',
    log,
  };
}

process.stdout.write(JSON.stringify(await run(JSON.parse(process.argv[2] ?? '') as ChildTask)));
