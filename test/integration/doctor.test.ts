import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { built, shell } from '../cli/program.ts';
import { corosyncConf } from '../helpers/corosync/corosync-conf.ts';
import { PrivateCorosync } from '../helpers/corosync/private-corosync.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';
import {
  DENIED,
  NOBODY,
  diagnose,
  optionsIn,
  remedyOf,
  type Diagnosis,
} from '../helpers/doctor/diagnosis.ts';
import { waitUntil } from '../helpers/wait-until.ts';

let tool = '';

beforeAll(() => {
  tool = built('main');
});

describeIntegration('corosync-client doctor without corosync', () => {
  it('says that corosync does not run, and how to start it', async () => {
    const diagnosis = await diagnose();
    expect(diagnosis.code).toBe(1);
    expect(diagnosis.summary).toEqual([
      'corosync: note',
      'configuration: note',
      'socket: problem',
      'connection: problem',
      'verdict: problem',
    ]);
    expect(remedyOf(diagnosis, 'socket')).toMatch(/^start it: systemctl start corosync/);
  });
});

describeIntegration('corosync-client doctor', () => {
  let corosync: PrivateCorosync;

  beforeAll(async () => {
    corosync = await PrivateCorosync.start();
  });
  beforeEach(async () => {
    if (!corosync.running) corosync = await PrivateCorosync.start();
  });
  afterEach(async () => {
    corosync.resume();
    await shell('mount -o remount,size=256m /dev/shm');
  });
  afterAll(() => corosync.stop());

  it('has nothing to say against a healthy corosync, nor corosync against it', async () => {
    corosync.markLog();
    const diagnosis = await diagnose();
    expect(diagnosis).toMatchObject({ code: 0, summary: [] });
    const texts = diagnosis.findings.map(({ text }) => text);
    expect(texts).toContain('totem.cluster_name (str) = private');
    expect(texts).toContain('runtime.votequorum.this_node_id (u32) = 1');
    expect(texts.join('\n')).toContain(`corosync runs: pid ${corosync.pid}`);
    await waitUntil('its rings are gone', () => corosync.sharedMemoryLeftovers().length === 0);
    expect(corosync.logLines('warning')).toEqual([]);
  });

  it('prints text, a line for each finding, and ends with a verdict', async () => {
    const { stdout, code } = await shell(`${tool} doctor --map stats`);
    expect(code).toBe(0);
    const lines = stdout.toString().trimEnd().split('\n');
    for (const line of lines) expect(line).toMatch(/^ok {7}[a-z ]{13} {2}\S/);
    expect(lines.at(-1)).toBe('ok       verdict        this process can use corosync');
    expect(stdout.toString()).toMatch(/a get took [\d.]+ ms: stats\./);
  });

  it('tells a user without a rule which file to write; with that, it works', async () => {
    const denied = await diagnose(`${NOBODY} TOOL doctor`);
    expect(denied.code).toBe(1);
    expect(denied.summary).toEqual(['permission: note', 'connection: problem', 'verdict: problem']);
    const [first = '', ...lines] = remedyOf(denied, 'connection').split('\n');
    const [, file = ''] = /^as root, create (\S+) where corosync runs/.exec(first) ?? [];
    expect(dirname(file)).toBe(join(corosync.directory, 'uidgid.d'));
    mkdirSync(dirname(file));
    writeFileSync(file, `${lines.join('\n')}\n`);
    await shell(`chmod 755 ${corosync.directory}`);

    const unread = await diagnose(`${NOBODY} TOOL doctor`);
    expect(unread.code).toBe(1);
    const reload = / (corosync-cfgtool -R) /.exec(remedyOf(unread, 'connection'))?.[1] ?? 'false';
    expect(first).toContain(reload);
    expect((await shell(reload)).code).toBe(0);
    expect(await diagnose(`${NOBODY} TOOL doctor`)).toMatchObject({ code: 0, summary: [] });

    expect(corosync.logLines('warning').filter((line) => !DENIED.test(line))).toEqual([]);
    rmSync(file);
    await shell(reload);
  });

  it('sees the file in uidgid.d that keeps corosync from reloading, and what it has to be', async () => {
    const directory = join(corosync.directory, 'uidgid.d');
    mkdirSync(directory, { recursive: true });
    const file = join(directory, 'agent');
    writeFileSync(file, 'uidgid { uid: 65534 }\n');
    expect((await shell('corosync-cfgtool -R')).code).not.toBe(0);
    const broken = await diagnose();
    expect(broken).toMatchObject({ code: 0, summary: ['permission: problem'] });
    expect(broken.complaints('permission')[0]?.text).toContain(`${file}:1: `);

    const [, ...lines] = remedyOf(broken, 'permission').split('\n');
    writeFileSync(file, `${lines.join('\n')}\n`);
    expect((await shell('corosync-cfgtool -R')).code).toBe(0);
    expect(await diagnose(`${NOBODY} TOOL doctor`)).toMatchObject({ code: 0 });
    rmSync(file);
    expect((await shell('corosync-cfgtool -R')).code).toBe(0);
  });

  it('knows as whom corosync sees the root of a user namespace', async () => {
    const denied = await diagnose(`${NOBODY} unshare --user --map-root-user TOOL doctor`);
    expect(denied.code).toBe(1);
    expect(denied.complaints('process')[0]?.text).toContain('for corosync, uid 65534');
    expect(remedyOf(denied, 'connection')).toContain('uid: 65534');
  });

  it('sees that shared memory is full; the smaller connection that it advises works', async () => {
    await corosync.forgotten(); // it is to take nothing more, nor less
    const { stdout } = await shell(`stat -f --format='%S %b %f' /dev/shm`);
    const [pageSize = 0, blocks = 0, free = 0] = stdout.toString().split(' ').map(Number);
    await shell(`mount -o remount,size=${(blocks - free) * pageSize + 2 ** 20} /dev/shm`);
    const full = await diagnose();
    expect(full).toMatchObject({
      code: 1,
      summary: ['shared memory: problem', 'connection: problem', 'verdict: problem'],
    });
    expect(full.complaints('connection')[0]?.text).toContain('CS_ERR_NO_SPACE');
    const [smaller = ''] = /--buffer-size \d+/.exec(remedyOf(full, 'shared memory')) ?? [];
    expect(await diagnose(`TOOL doctor ${smaller}`)).toMatchObject({ code: 0, summary: [] });
  });

  it('finds that a shared memory directory is not that of corosync, by option or by the environment', async () => {
    for (const line of [
      'TOOL doctor --shm-directory /run',
      'COROSYNC_CLIENT_SHM_DIRECTORY=/run TOOL doctor',
    ]) {
      const wrong = await diagnose(line);
      expect(wrong.code).toBe(1);
      expect(wrong.summary).toContain('namespaces: problem');
      expect(remedyOf(wrong, 'namespaces')).toBe(
        'leave out --shm-directory, and unset COROSYNC_CLIENT_SHM_DIRECTORY',
      );
    }
  });

  it('finds corosync in another network namespace, and the way there', async () => {
    const elsewhere = await diagnose('unshare --net TOOL doctor');
    expect(elsewhere).toMatchObject({
      code: 1,
      summary: ['socket: problem', 'namespaces: note', 'connection: problem', 'verdict: problem'],
    });
    const [, way = 'false'] = /\n {2}(nsenter .*)/.exec(remedyOf(elsewhere, 'socket')) ?? [];
    expect(await diagnose(`unshare --net ${way.replace('corosync-client', 'TOOL')}`)).toMatchObject({
      code: 0,
      summary: [],
    });
  });

  it('finds the shared memory of another mount namespace', async () => {
    const covered = (options: string): Promise<Diagnosis> =>
      diagnose(`unshare --mount bash -c "mount -t tmpfs none /dev/shm && TOOL doctor \\$*" -- ${options}`);
    const elsewhere = await covered('');
    expect(elsewhere).toMatchObject({
      code: 1,
      summary: ['namespaces: note', 'namespaces: problem', 'connection: problem', 'verdict: problem'],
    });
    const options = optionsIn(remedyOf(elsewhere, 'namespaces').split(',')[0] ?? '');
    expect(options).toBe(`--shm-directory /proc/${corosync.pid}/root/dev/shm`);
    expect(await covered(options)).toMatchObject({ code: 0, summary: ['namespaces: note'] });
  });

  it('does not wait for a corosync that is stopped, and sees that it is', async () => {
    corosync.pause();
    const paused = await diagnose('TOOL doctor --timeout 500');
    expect(paused).toMatchObject({
      code: 1,
      summary: ['corosync: problem', 'connection: problem', 'verdict: problem'],
    });
    expect(paused.complaints('connection')[0]?.text).toContain('CS_ERR_TIMEOUT');
    await shell(remedyOf(paused, 'corosync'));
    expect(await diagnose()).toMatchObject({ code: 0, summary: [] });
  });

  it('notes what a killed corosync has left, and removes nothing of the living one with it', async () => {
    const killed = corosync;
    killed.kill('SIGKILL');
    await killed.exited();
    corosync = await PrivateCorosync.start();
    const diagnosis = await diagnose();
    expect(diagnosis).toMatchObject({ code: 0, summary: ['shared memory: note'] });
    const [, command = 'false'] = /(rm -r .*)$/.exec(remedyOf(diagnosis, 'shared memory')) ?? [];
    expect(command).toContain(String(killed.pid));
    expect((await shell(command)).code).toBe(0);
    expect(await diagnose()).toMatchObject({ code: 0, summary: [] });
    expect(existsSync(`/dev/shm/qb-corosync-${corosync.pid}-blackbox-data`)).toBe(true);
    await killed.stop();
  });
});

describeIntegration('corosync-client doctor and datagram sockets', () => {
  it('says that they carry the connection', async () => {
    await using corosync = await PrivateCorosync.start({ ipcType: 'socket' });
    const diagnosis = await diagnose();
    expect(diagnosis).toMatchObject({ code: 0, summary: [] });
    const texts = diagnosis.findings.map(({ text }) => text).join('\n');
    expect(texts).toContain(', over datagram sockets;');
    expect(texts).toMatch(/a connection takes 4 KiB$/m);
    expect(corosync.logLines('warning')).toEqual([]);
  });
});

/** A corosync with filesystem sockets, in network and mount namespaces of its own, as in a container. */
class Container implements AsyncDisposable {
  readonly directory = mkdtempSync('/run/container-');
  readonly #process: ChildProcess;

  constructor() {
    writeFileSync(join(this.directory, 'corosync.conf'), corosyncConf(this.#log));
    const script = `
      for directory in /dev/shm /tmp /var/lib/corosync; do mount -t tmpfs tmpfs "$directory"; done
      mkdir -p /etc/libqb && mount -t tmpfs tmpfs /etc/libqb && touch /etc/libqb/force-filesystem-sockets
      ip link set lo up
      exec corosync -f -c "$0"/corosync.conf`;
    const arguments_ = ['-n', '-m', '--propagation', 'private', 'bash', '-c', script, this.directory];
    this.#process = spawn('unshare', arguments_, { stdio: 'ignore' });
  }

  static async start(): Promise<Container> {
    const container = new Container();
    await waitUntil('it is ready', () => container.#said().includes('ready to provide service'));
    return container;
  }

  get pid(): number {
    return this.#process.pid ?? -1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
    rmSync(this.directory, { recursive: true });
  }

  get #log(): string {
    return join(this.directory, 'log');
  }

  #said(): string {
    return existsSync(this.#log) ? readFileSync(this.#log, 'utf8') : '';
  }
}

describeIntegration('corosync-client doctor and filesystem sockets', () => {
  let container: Container;
  beforeAll(async () => {
    container = await Container.start();
  });
  afterAll(() => container[Symbol.asyncDispose]());

  it('finds the file of another mount namespace, and the options for it', async () => {
    const outside = await diagnose();
    expect(outside.code).toBe(1);
    const options = optionsIn(remedyOf(outside, 'socket'));
    const root = `/proc/${container.pid}/root`;
    expect(options).toMatch(
      new RegExp(`^--socket-directory ${root}/(?:tmp|run|var/run) --shm-directory ${root}/dev/shm$`),
    );
    expect(await diagnose(`TOOL doctor ${options}`)).toMatchObject({
      code: 0,
      summary: ['namespaces: note'],
    });
  });

  it('finds the file where libqb is told to use files', async () => {
    // The container covers /tmp, where the repository may be.
    const copy = join(container.directory, 'tool');
    const [, original = ''] = /'(.*)\/dist\//.exec(tool) ?? [];
    for (const name of ['dist', 'package.json'])
      cpSync(join(original, name), join(copy, name), { recursive: true });
    const enter = `nsenter --target ${container.pid} --mount`;
    const inside = await diagnose(`${enter} node ${copy}/dist/cli/main.cjs doctor`);
    expect(inside).toMatchObject({ code: 0, summary: ['namespaces: note'] });
    expect(inside.findings.map(({ text }) => text).join('\n')).toContain(
      'a file because /etc/libqb/force-filesystem-sockets exists, is a socket',
    );
  });

  it('says that a file is a leftover if nobody answers', async () => {
    const copy = join(container.directory, 'socket');
    mkdirSync(copy);
    await shell(
      `cd ${copy} && node -e "require('net').createServer().listen('cmap', () => process.kill(process.pid, 9))"`,
    );
    const stale = await diagnose(`TOOL doctor --socket-directory ${copy}`);
    expect(stale).toMatchObject({ code: 1 });
    expect(stale.complaints('connection')[0]?.text).toContain('ECONNREFUSED');
    expect(optionsIn(remedyOf(stale, 'connection'))).toContain(
      `--socket-directory /proc/${container.pid}/root/`,
    );
  });
});
