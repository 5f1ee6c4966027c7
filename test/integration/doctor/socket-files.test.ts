import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { shell } from '../../cli/program.ts';
import { PrivateCorosync } from '../../helpers/corosync/private-corosync.ts';
import { describeIntegration } from '../../helpers/corosync/requirements.ts';
import { NOBODY, diagnose } from '../../helpers/doctor/diagnosis.ts';
import { coverTmp, uncoverTmp } from '../../helpers/integration/integration-cover-tmp.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const SOMEBODY = ['--reuid=33', '--regid=33', '--clear-groups'];
const FILE = '/tmp/cmap';
const SCRIPT = `
  process.umask(0);
  process.chdir('/tmp');
  require('net').createServer((socket) => console.log('connected')).listen(process.argv[1], () => console.log('listens'));`;

/** Another program on corosync's file, which answers nothing, and says who connects. */
class Impostor implements AsyncDisposable {
  said = '';
  readonly #process: ChildProcess;

  private constructor(as: readonly string[], path: string) {
    this.#process = spawn('setpriv', [...as, 'node', '-e', SCRIPT, path], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.#process.stdout?.on('data', (text: Buffer) => (this.said += text.toString()));
  }

  static async start(as: readonly string[], path: string): Promise<Impostor> {
    const impostor = new Impostor(as, path);
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

describeIntegration("doctor and another program on corosync's file", () => {
  beforeAll(coverTmp);
  afterAll(uncoverTmp);
  beforeEach(() => shell('mkdir -p /etc/libqb && touch /etc/libqb/force-filesystem-sockets'));
  afterEach(() => shell(`rm -f /etc/libqb/force-filesystem-sockets ${FILE}`));

  it.each([FILE, 'cmap'])('names it to everybody, and does not talk to another user: %s', async (path) => {
    await using impostor = await Impostor.start(SOMEBODY, path);
    const root = await diagnose('TOOL doctor --timeout 300');
    expect(root).toMatchObject({ code: 1 });
    expect(root.ids).toEqual(['corosync-not-seen', 'socket-foreign', 'service-not-served', 'not-tried']);
    expect(root.found('socket-foreign').text).toContain(`is bound by pid ${impostor.pid} (node, uid 33)`);
    const user = await diagnose(`${NOBODY} TOOL doctor --timeout 300`);
    expect(user.ids).toContain('socket-foreign');
    expect(user.ids).toContain('not-tried');
    expect(user.found('socket-foreign').text).toContain(
      'belongs to uid 33, and corosync runs as root, unless',
    );
    expect(impostor.said).toBe('listens\n');
  });

  it('tries one of root or of its own user, which may be a corosync by another name', async () => {
    {
      await using impostor = await Impostor.start([], FILE);
      const seen = await diagnose('TOOL doctor --timeout 300');
      expect(seen.ids).toEqual([
        'corosync-not-seen',
        'socket-foreign',
        'service-not-served',
        'not-connected',
      ]);
      expect(seen.found('socket-foreign').text).toContain(`pid ${impostor.pid} (node, uid 0)`);
      await waitUntil('it says so', () => impostor.said.includes('connected'));
    }
    await shell(`rm -f ${FILE}`);
    await using impostor = await Impostor.start(SOMEBODY, FILE);
    const own = await diagnose(`setpriv ${SOMEBODY.join(' ')} TOOL doctor --timeout 300`);
    expect(own.ids).toContain('socket-foreign');
    expect(own.ids).toContain('not-connected');
    await waitUntil('it says so', () => impostor.said.includes('connected'));
  });
});

describeIntegration("doctor and a plain file on corosync's name", () => {
  it.each(['', NOBODY])('says that it is no socket, and where corosync listens: %s', async (as) => {
    await using corosync = await PrivateCorosync.start({ uidgid: { uid: 65534 } });
    await shell(`chmod 755 ${corosync.directory}; mkdir -p /run/sockets && touch /run/sockets/cmap`);
    const wrong = await diagnose(`${as} TOOL doctor --socket-directory /run/sockets`);
    const unread = as === '' ? [] : ['rule-unknown'];
    expect(wrong).toMatchObject({ code: 1, ids: ['socket-no-socket', ...unread, 'not-connected'] });
    expect(wrong.found('not-connected').remedy).toBe('the reason is above: socket-no-socket');
    expect(wrong.found('socket-no-socket').remedy).toBe(
      `corosync (pid ${corosync.pid}) listens on the abstract name: leave out --socket-directory, and unset COROSYNC_CLIENT_SOCKET_DIRECTORY`,
    );
    expect(await diagnose(`${as} TOOL doctor`)).toMatchObject({ code: 0, ids: [] });
  });
});
