import { Writable } from 'node:stream';
import { beforeEach, describe, expect, it, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { DROP_INS } from '../../src/cli/drop-in/names.ts';
import { Output } from '../../src/cli/printing/output.ts';
import { runCli } from '../../src/cli/run-cli.ts';
import { ConnectionError, CsError, type CmapConnectOptions } from '../../src/index.ts';
import { FakeCluster } from './fake-cluster.ts';
import { FakeClient } from './fake-client.ts';

let client: FakeClient;
let connectError: Error | undefined;
let connectedWith: CmapConnectOptions | undefined;
let droppedIn: string | undefined;

beforeEach(() => {
  connectError = undefined;
  connectedWith = undefined;
  client = new FakeClient({
    'a.one': { type: 'uint32', value: 1 },
    'a.two': { type: 'string', value: 'two' },
    'b.bin': { type: 'binary', value: Uint8Array.of(0, 255) },
  });
});

async function run(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let stdout = '';
  let stderr = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      stdout += chunk.toString('latin1');
      done();
    },
  });
  const code = await runCli(words, {
    output: new Output(stream),
    variables: { COROSYNC_CLIENT_SHM_DIRECTORY: '/variable/shm' },
    connect(options) {
      connectedWith = options;
      return connectError === undefined ? Promise.resolve(client.asCli()) : Promise.reject(connectError);
    },
    openSession: () => Promise.reject(new Error('a session is opened')),
    openQuorumSession: () => Promise.reject(new Error('a session is opened')),
    openCluster: () => Promise.reject(new Error('a cluster is opened')),
    clusterState: () => Promise.reject(new Error('a cluster is asked')),
    connector: () => new FakeCluster().connector,
    complain: (line) => (stderr += `${line}\n`),
    dropIn(name, args) {
      droppedIn = name;
      return Promise.resolve(args.length);
    },
  });
  return { code, stdout, stderr };
}

describe('get', () => {
  it('prints values', async () => {
    expect(await run('get', 'a.two', 'b.bin')).toEqual({ code: 0, stdout: 'two\n\\x00\\xFF\n', stderr: '' });
    expect((await run('get', '--raw', 'b.bin')).stdout).toBe('\x00\xff');
    expect((await run('get', '--json', 'a.one')).stdout).toBe('{"key":"a.one","type":"uint32","value":1}\n');
    expect(client.closed).toBe(true);
  });

  it('tells of what is missing without what could steer a terminal', async () => {
    const { stderr } = await run('get', 'no\x1b[2J\xc2\x9b');
    expect(stderr).toMatch(/^corosync-client: cannot get no\\x1B\[2J\\x9B: CS_ERR_NOT_EXIST/);
    expect((await run('wipe\x1b[2J')).stderr).toContain('there is no command wipe\\x1B[2J');
  });

  it('goes on after a key that is missing', async () => {
    const { code, stdout, stderr } = await run('get', 'no.key', 'a.one');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '1\n' });
    expect(stderr).toMatch(/^corosync-client: cannot get no.key: CS_ERR_NOT_EXIST \(12\)\n$/);
  });
});

describe('set, inc, dec, delete', () => {
  it('change the map', async () => {
    expect((await run('set', 'n.i8', 'i8', '-5')).code).toBe(0);
    expect((await run('set', 'n.bin', 'bin', '--base64', 'AAEC')).code).toBe(0);
    expect((await run('set', 'n.str', 'string', 'caf\xc3\xa9')).code).toBe(0);
    expect((await run('set', 'n.dashes', 'str', '--', '--foo')).code).toBe(0);
    expect((await run('inc', 'a.one')).code).toBe(0);
    expect((await run('inc', '--by', '10', 'a.one')).code).toBe(0);
    expect((await run('dec', 'a.one', '--by=2')).code).toBe(0);
    expect((await run('delete', 'a.two', 'no.key', 'b.bin')).code).toBe(1);
    expect(Object.fromEntries(client.values)).toEqual({
      'a.one': { type: 'uint32', value: 10 },
      'n.dashes': { type: 'string', value: '--foo' },
      'n.bin': { type: 'binary', value: Buffer.from([0, 1, 2]) },
      'n.i8': { type: 'int8', value: -5 },
      'n.str': { type: 'string', value: 'café' },
    });
  });
});

describe('list', () => {
  it('prints entries', async () => {
    expect((await run('list', 'a.')).stdout).toBe('a.one (u32) = 1\na.two (str) = two\n');
    expect((await run('list', '--json', 'b.')).stdout).toBe(
      '{"key":"b.bin","type":"binary","value":"AP8="}\n',
    );
    expect((await run('list')).stdout.split('\n')).toHaveLength(4);
  });

  it('fails if a prefix has no key', async () => {
    expect(await run('list', 'none.', 'b.')).toEqual({
      code: 1,
      stdout: 'b.bin (bin) = \\x00\\xFF\n',
      stderr: 'corosync-client: there is no key that starts with none.\n',
    });
  });
});

describe('track and follow', () => {
  it.each(['track', 'follow'])('%s: a prefix that is given as a key', async (command) => {
    const hint = 'this waits for the one key a.b.; give --prefix for all keys that start with it';
    expect((await run(command, 'a.one', 'a.b.')).stderr.split('\n')[0]).toBe(`corosync-client: ${hint}`);
    expect((await run(command, 'a.one')).stderr).not.toContain('--prefix');
    expect((await run(command, '--prefix', 'a.b.')).stderr).not.toContain('--prefix');
  });
});

describe('track', () => {
  // Its tracker cannot be read: the command ends there.
  it.each([
    ['--prefix', 'runtime.force_gather or quorum.cancel_wait_for_all'],
    ['--prefix runtime.', 'runtime.force_gather'],
    ['--prefix quorum. runtime. nodelist.', 'quorum.cancel_wait_for_all or runtime.force_gather'],
    ['runtime.force_gather', 'runtime.force_gather'],
  ])('warns on one line of a corosync that crashes: %s', async (line, keys) => {
    expect((await run('track', ...line.split(' '))).stderr.split('\n')[0]).toBe(
      `corosync-client: while this runs, corosync crashes if anybody sets ${keys}; narrower prefixes are safe`,
    );
  });

  it.each([['--prefix runtime.members.'], ['quorum.cancel_wait_for_all'], ['--prefix runtime. --map stats']])(
    'does not warn where it cannot happen: %s',
    async (line) => {
      expect((await run('track', ...line.split(' '))).stderr).not.toContain('crashes');
    },
  );
});

describe('follow', () => {
  it('names its own option for the keys that crash corosync', async () => {
    const { stderr } = await run('follow', '--prefix', 'runtime.');
    expect(stderr).toContain('or give --cover-crashing-keys if');
    expect(stderr).toMatch(/^corosync-client: cannot follow runtime\.: CS_ERR_INVALID_PARAM/);
    expect(stderr).not.toContain('coverCrashingKeys');
    const { stderr: opened } = await run('follow', '--prefix', 'runtime.', '--cover-crashing-keys');
    expect(opened).toContain('a session is opened');
  });

  it('quotes an empty key, and says follow where the library says track', async () => {
    expect((await run('follow', '--prefix', '')).stderr).toMatch(
      /^corosync-client: cannot follow '': CS_ERR/,
    );
    expect((await run('follow', 'x')).stderr).toMatch(/^corosync-client: cannot follow x: CS_ERR/);
  });
});

describe('doctor', () => {
  it('connects once, patient for 5 s if nobody says otherwise; a get makes the exit code', async () => {
    const { code, stdout } = await run('doctor');
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nok +connection +a get took .*: a\.one \(u32\) = 1\n/);
    expect(stdout).toMatch(/\nok +verdict +this process can use corosync.*\n$/);
    expect(connectedWith).toMatchObject({ timeoutMs: 5000, tryAgainAttempts: 0 });
    await run('doctor', '--timeout', '300');
    expect(connectedWith).toMatchObject({ timeoutMs: 300 });
  });

  it('fails with exit code 1, not 3, and prints JSON', async () => {
    connectError = new ConnectionError('CS_ERR_LIBRARY', { operation: 'connect', detail: 'not there' });
    const { code, stdout, stderr } = await run('doctor', '--json');
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    const findings = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { check: string; level: string; text: string });
    expect(findings.at(-2)).toEqual({
      check: 'connection',
      level: 'problem',
      id: 'not-connected',
      text: 'cannot connect: CS_ERR_LIBRARY (2): not there',
    });
    expect(findings.at(-1)).toMatchObject({ check: 'verdict', level: 'problem' });
  });
});

describe('usage', () => {
  test.each([
    [''],
    ['frob'],
    ['get'],
    ['get --frob a'],
    ['get --raw a.one a.two'],
    ['get --raw --json a.one'],
    ['set a.b u8'],
    ['set a.b u8 300'],
    ['set a.b u8 1 2'],
    ['set a.b str --base64 AA=='],
    ['set --json a.b u8 1'],
    ['delete'],
    ['inc'],
    ['inc a.one b.two'],
    ['inc a.one --by 0'],
    ['inc a.one --by -3'],
    ['dec a.one --by 2147483648'],
    ['track'],
    ['track a.b --events changed'],
    ['track a.b ab'],
    ['--map stats track --prefix x --events add'],
    ['list --map other'],
    ['doctor now'],
    ['follow'],
    ['follow x'],
    ['follow a.b --events changed'],
    ['follow --prefix runtime.'],
    ['doctor --buffer-size 5'],
    ['--map'],
    ['help frob'],
  ])('%j is wrong: one line, exit code 2, no connection', async (line) => {
    const { code, stdout, stderr } = await run(...line.split(' ').filter((word) => word !== ''));
    expect({ code, stdout, connectedWith }).toEqual({ code: 2, stdout: '', connectedWith: undefined });
    expect(stderr).toMatch(/^corosync-client: .+\n$/);
  });

  it.each([[['state']], [[]]])('%j: names the commands that there are', async (words) => {
    const { stderr } = await run(...words);
    for (const name of [...COMMANDS.keys(), ...Object.keys(DROP_INS)]) expect(stderr).toContain(` ${name}`);
  });

  it('has help on everything', async () => {
    const { stdout } = await run('--help');
    for (const name of [...COMMANDS.keys(), ...Object.keys(DROP_INS), 'help'])
      expect(stdout).toContain(`\n  ${name}`);
    for (const name of COMMANDS.keys()) {
      const { code, stdout: text } = await run(name, '--help');
      expect(code).toBe(0);
      expect(text).toMatch(/^Usage: [^]*\nExamples?:\n[^]*--timeout MS[^]*Exit codes:/);
      expect(await run('help', name)).toEqual({ code, stdout: text, stderr: '' });
    }
    expect((await run('help', 'json')).stdout.match(/\{"event":"overflow"/g)).toHaveLength(3);
    expect((await run('help', 'track')).stdout).toContain('crashes when anybody sets');
  });

  it('has lines that fit a terminal', async () => {
    for (const topic of ['help', 'json', ...Object.keys(DROP_INS), ...COMMANDS.keys()]) {
      for (const line of (await run('help', topic)).stdout.split('\n'))
        expect(line.length).toBeLessThanOrEqual(90);
    }
  });

  it('knows its version', async () => {
    expect((await run('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
  });
});

describe('connecting', () => {
  it('passes the options on, also those before the command', async () => {
    await run('--map', 'stats', 'list', '--timeout', '500');
    expect(connectedWith).toMatchObject({ map: 'stats', timeoutMs: 500 });
  });

  it('takes what the environment says of it', async () => {
    await run('list');
    expect(connectedWith).toMatchObject({ sharedMemoryDirectory: '/variable/shm' });
    await run('list', '--shm-directory', '/option');
    expect(connectedWith).toMatchObject({ sharedMemoryDirectory: '/option' });
  });

  it('points to doctor where nobody answers', async () => {
    connectError = new ConnectionError('CS_ERR_LIBRARY', { operation: 'connect', errno: 'ECONNREFUSED' });
    expect((await run('list')).stderr).toBe(
      'corosync-client: cannot connect: CS_ERR_LIBRARY (2, ECONNREFUSED); `corosync-client doctor` says more\n',
    );
    expect((await run('doctor')).stdout).not.toContain('says more');
  });

  it('has an exit code of its own for failing', async () => {
    connectError = new ConnectionError('CS_ERR_LIBRARY', { operation: 'connect', detail: 'not there' });
    expect(await run('list')).toEqual({
      code: 3,
      stdout: '',
      stderr: 'corosync-client: cannot connect: CS_ERR_LIBRARY (2): not there\n',
    });
  });

  it('takes options that the library refuses for wrong usage', async () => {
    connectError = new CsError('CS_ERR_INVALID_PARAM', {
      operation: 'cmap_initialize_map',
      detail: 'too small',
    });
    expect((await run('list', '--buffer-size', '5')).code).toBe(2);
  });

  it.each(Object.keys(DROP_INS))('hands everything behind %s to the drop-in', async (name) => {
    expect((await run(name, '-g', '--help', 'x')).code).toBe(3);
    expect(droppedIn).toBe(name);
  });

  it('says that the drop-in takes none of our options', async () => {
    const { code, stderr } = await run('--timeout', '5000', 'cmapctl', '-g', 'x');
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^corosync-client: cmapctl takes the options of corosync-cmapctl only; put nothing before it/,
    );
  });
});
