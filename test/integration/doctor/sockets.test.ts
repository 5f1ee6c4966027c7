import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { shell, startShell } from '../../cli/program.ts';
import { corosyncConf } from '../../helpers/corosync/corosync-conf.ts';
import { PrivateCorosync } from '../../helpers/corosync/private-corosync.ts';
import { describeIntegration } from '../../helpers/corosync/requirements.ts';
import { NOBODY, commandIn, diagnose, optionsIn } from '../../helpers/doctor/diagnosis.ts';
import { coverTmp, uncoverTmp } from '../../helpers/integration/integration-cover-tmp.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const ALLOWED = { uidgid: { uid: 65534 } } as const;
const SOMEBODY = 'setpriv --reuid=33 --regid=33 --clear-groups';

async function start(options: Parameters<typeof PrivateCorosync.start>[0] = {}): Promise<PrivateCorosync> {
  const corosync = await PrivateCorosync.start({ ...ALLOWED, ...options });
  await shell(`chmod 755 ${corosync.directory}`);
  return corosync;
}

/** Another program on corosync's name, which answers nothing. */
class Impostor implements AsyncDisposable {
  readonly #process: ChildProcess;

  private constructor(as: string) {
    const script =
      "require('net').createServer().listen('\\0cmap'.padEnd(108, '\\0'), () => console.log('listens'))";
    this.#process = startShell(`exec ${as} node -e "${script}"`);
  }

  static async start(as: string): Promise<Impostor> {
    const impostor = new Impostor(as);
    await once(impostor.#process.stdout ?? impostor.#process, 'data');
    return impostor;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
  }
}

describeIntegration('doctor and another program on the name', () => {
  it('names it to root, and does not talk to another user', async () => {
    await using impostor = await Impostor.start(SOMEBODY);
    const seen = await diagnose('TOOL doctor --timeout 300');
    expect(seen).toMatchObject({
      code: 1,
      ids: ['corosync-not-seen', 'socket-foreign', 'service-not-served', 'not-tried'],
    });
    expect(seen.found('socket-foreign').text).toContain(`is bound by pid ${impostor.pid} (node, uid 33)`);
    expect(seen.found('socket-foreign').remedy).toContain(`ps -fp ${impostor.pid};`);
  });

  it('tries one of root, which may be a corosync by another name', async () => {
    await using impostor = await Impostor.start('');
    const seen = await diagnose('TOOL doctor --timeout 300');
    expect(seen.ids).toEqual(['corosync-not-seen', 'socket-foreign', 'service-not-served', 'not-connected']);
    expect(seen.found('socket-foreign').text).toContain(`pid ${impostor.pid} (node, uid 0)`);
    expect(seen.found('not-connected').remedy).toBe('the reason is above: socket-foreign');
  });

  it('tells a user who could see', async () => {
    await using impostor = await Impostor.start(SOMEBODY);
    expect(impostor.pid).toBeDefined();
    const blind = await diagnose(`${NOBODY} TOOL doctor --timeout 300`);
    expect(blind.ids).toEqual(['corosync-not-seen', 'service-not-served', 'rule-unknown', 'not-connected']);
    expect(blind.found('not-connected').remedy).toMatch(
      /another program has its name: ss -xlp \| grep cmap, as root$/,
    );
  });
});

describeIntegration('doctor and the services', () => {
  it('lists those that are served, and says what votequorum takes', async () => {
    await using corosync = await start({ provider: 'none' });
    for (const as of ['', NOBODY]) {
      const four = await diagnose(`${as} TOOL doctor`);
      expect(four).toMatchObject({ code: 0 });
      expect(four.findings.map(({ text }) => text)).toContain('corosync serves cmap, quorum, cfg, cpg');
      expect(four.ids).toEqual(['service-not-served', 'key-missing']);
      expect(four.found('service-not-served').text).toBe('nobody listens as votequorum');
      expect(corosync.running).toBe(true);
      expect(four.found('service-not-served').remedy).toMatch(
        /^it takes quorum { provider: corosync_votequorum }/,
      );
    }
  });

  it('says so to a user who cannot read the configuration, and to one who reads a newer one', async () => {
    await using corosync = await start({ provider: 'none' });
    await shell(`chmod 600 ${corosync.directory}/corosync.conf`);
    const blind = await diagnose(`${NOBODY} TOOL doctor`);
    expect(blind).toMatchObject({ code: 0, ids: ['service-not-served', 'rule-unknown', 'key-missing'] });
    expect(blind.found('service-not-served').remedy).toMatch(
      /^it takes quorum { .* } in corosync\.conf \(which cannot be read here\)/,
    );
    await shell(
      `printf 'quorum {\\n  provider: corosync_votequorum\\n}\\n' >> ${corosync.directory}/corosync.conf`,
    );
    const newer = await diagnose();
    expect(newer.found('service-not-served').remedy).toMatch(/runs without: restart corosync/);
  });

  it('finds no more than a name that nobody serves', async () => {
    await using corosync = await start();
    const nobody = await diagnose('TOOL doctor --socket-name other');
    expect(nobody.ids).toEqual(['socket-not-bound', 'not-connected']);
    expect(nobody.found('socket-not-bound').remedy).toContain(
      `corosync (pid ${corosync.pid}) does not listen as other yet`,
    );
  });
});

/** A second corosync, with a network and shared memory of its own, that allows another user. */
class OtherCorosync implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'other-'));
  readonly #process: ChildProcess;

  private constructor() {
    const log = join(this.directory, 'log');
    writeFileSync(join(this.directory, 'corosync.conf'), corosyncConf(log, { uidgid: { uid: 33 } }));
    const script = `
      chmod 755 "$0"
      for directory in /dev/shm /run /var/lib/corosync; do mount -t tmpfs -o mode=1777 tmpfs "$directory"; done
      ip link set lo up
      exec corosync -f -c "$0"/corosync.conf`;
    const own = ['--net', '--mount', '--propagation', 'private'];
    this.#process = spawn('unshare', [...own, 'bash', '-c', script, this.directory], { stdio: 'ignore' });
  }

  static async start(): Promise<OtherCorosync> {
    const other = new OtherCorosync();
    const ready = `grep -q 'ready to provide' ${other.directory}/log`;
    await waitUntil('the other one is ready', async () => (await shell(ready)).code === 0);
    return other;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
    rmSync(this.directory, { recursive: true });
  }
}

describeIntegration('doctor and two corosyncs on one machine', () => {
  let other: OtherCorosync;
  let ours: PrivateCorosync;

  beforeAll(async () => {
    // The other one has the lower pid, and is seen first.
    other = await OtherCorosync.start();
    ours = await start();
  });
  afterAll(async () => {
    await ours.stop();
    await other[Symbol.asyncDispose]();
  });

  it('examines that of our network, for root and for a user', async () => {
    for (const as of ['', NOBODY]) {
      const seen = await diagnose(`${as} TOOL doctor`);
      expect(seen).toMatchObject({ code: 0, ids: [] });
      const texts = seen.findings.map(({ text }) => text).join('\n');
      expect(texts).toContain(`corosync (pid ${ours.pid}) has `);
      expect(texts).not.toContain(`those of corosync (pid ${other.pid})`);
    }
  });

  it('advises a directory that ours reads', async () => {
    const denied = await diagnose(`${SOMEBODY} TOOL doctor`);
    expect(denied).toMatchObject({ code: 1, ids: ['no-rule', 'not-connected'] });
    expect(denied.found('no-rule').text).toContain(`${ours.directory}/corosync.conf`);
    expect(denied.found('not-connected').remedy).toContain(`${ours.directory}/uidgid.d/`);
  });

  it('examines the other one from its network', async () => {
    const there = `nsenter --target ${other.pid} --net`;
    const root = await diagnose(`${there} TOOL doctor`);
    expect(root.ids).toEqual(['namespaces-differ', 'shm-foreign', 'not-connected']);
    const user = await diagnose(`${there} ${SOMEBODY} TOOL doctor`);
    expect(user.ids).toEqual(['shm-foreign', 'not-connected']);
    expect(user.found('shm-foreign').text).toContain(`corosync (pid ${other.pid})`);
    const options = commandIn(root.found('shm-foreign'), /^use (--shm-directory \S+),/);
    expect(await diagnose(`${there} TOOL doctor ${options}`)).toMatchObject({ code: 0 });
  });

  it('finds none of them from a third network', async () => {
    for (const as of ['', NOBODY]) {
      const seen = await diagnose(`unshare --net ${as} TOOL doctor`);
      expect(seen).toMatchObject({ code: 1 });
      expect(seen.found('socket-not-bound').remedy).toContain('listens in another network namespace');
    }
  });
});

describeIntegration('doctor and socket files', () => {
  beforeAll(coverTmp);
  afterAll(uncoverTmp);
  let corosync: PrivateCorosync;
  beforeEach(async () => {
    await shell('mkdir -p /etc/libqb && touch /etc/libqb/force-filesystem-sockets');
    corosync = await start();
  });
  afterEach(async () => {
    await corosync.stop();
    await shell('rm -rf /etc/libqb/force-filesystem-sockets');
  });

  it('which are there', async () => {
    for (const as of ['', NOBODY]) {
      const seen = await diagnose(`${as} TOOL doctor`);
      expect(seen).toMatchObject({ code: 0, ids: [] });
      const texts = seen.findings.map(({ text }) => text);
      expect(texts).toContain('corosync serves cmap, quorum, votequorum, cfg, cpg');
      expect(texts).toContain(
        '/tmp/cmap, a file because /etc/libqb/force-filesystem-sockets exists, is a socket',
      );
    }
  });

  it('in a directory that is closed for us, or without the right to write', async () => {
    await shell('mkdir -p /run/closed && mount --bind /tmp /run/closed');
    await shell('chmod o-w /tmp/cmap');
    const line = `${NOBODY} TOOL doctor --socket-directory /run/closed`;
    const unwritable = await diagnose(line);
    expect(unwritable.ids).toEqual(['socket-not-writable', 'not-connected']);
    await shell(commandIn(unwritable.found('socket-not-writable'), /or: (chmod .*)$/));
    expect(await diagnose(line)).toMatchObject({ code: 0, ids: [] });

    await shell(
      'mkdir -p /run/outer/inner && mount --move /run/closed /run/outer/inner; chmod 700 /run/outer',
    );
    const within = `${NOBODY} TOOL doctor --socket-directory /run/outer/inner`;
    const closed = await diagnose(within);
    expect(closed.ids[0]).toBe('socket-out-of-reach');
    await shell(commandIn(closed.found('socket-out-of-reach'), /or: (chmod .*)$/));
    expect(await diagnose(within)).toMatchObject({ code: 0, ids: [] });
    await shell('umount /run/outer/inner');
  });

  it('covered by another /tmp, as by PrivateTmp=', async () => {
    const covered = `unshare --mount bash -c 'mount -t tmpfs -o mode=1777 none /tmp && mkdir -p "$1" && mount --bind "$0" "$1" && shift && exec "$@"'`;
    const repository = process.cwd();
    await shell(`mkdir -p /run/repository && mount --bind ${repository} /run/repository`);
    const hidden = await diagnose(`${covered} /run/repository ${repository} TOOL doctor`);
    expect(hidden.ids).toEqual(['socket-missing', 'namespaces-differ', 'not-connected']);
    const options = optionsIn(hidden.found('socket-missing').remedy ?? '');
    expect(options).toContain(`--socket-directory /proc/${corosync.pid}/root/tmp`);
    expect(await diagnose(`${covered} /run/repository ${repository} TOOL doctor ${options}`)).toMatchObject({
      code: 0,
    });
    const user = await diagnose(`${covered} /run/repository ${repository} ${NOBODY} TOOL doctor`);
    expect(user.found('socket-missing').remedy).toMatch(
      /of another container: run corosync-client doctor as root$/,
    );
    await shell('umount /run/repository');
  });
});
