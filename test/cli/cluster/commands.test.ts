import { Writable } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { Output } from '../../../src/cli/printing/output.ts';
import { runCli } from '../../../src/cli/run-cli.ts';
import {
  ConnectionError,
  CsError,
  type ConnectOptions,
  type QuorumFollowEvent,
  type QuorumSession,
  type QuorumState,
} from '../../../src/index.ts';
import type { Run } from '../drop-in/fake-services.ts';
import { FakeCluster, info, link, nodeStatus } from '../fake-cluster.ts';

let cluster: FakeCluster;
let told: QuorumFollowEvent[];
let connectedWith: ConnectOptions | undefined;

beforeEach(() => {
  cluster = new FakeCluster();
  told = [];
  connectedWith = undefined;
});

async function run(...words: string[]): Promise<Run> {
  let stdout = '';
  let stderr = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      stdout += chunk.toString();
      done();
    },
  });
  const code = await runCli(words, {
    output: new Output(stream),
    variables: { COROSYNC_CLIENT_SHM_DIRECTORY: '/variable/shm' },
    connect: () => Promise.reject(new Error('only the services are asked')),
    openSession: () => Promise.reject(new Error('no session of the map')),
    openQuorumSession: () => Promise.resolve(session()),
    openCluster: () => Promise.reject(new Error('no cluster')),
    clusterState: () => Promise.reject(new Error('no cluster')),
    connector(options) {
      connectedWith = options;
      return cluster.connector;
    },
    complain: (line) => (stderr += `${line}\n`),
    dropIn: () => Promise.resolve(99),
  });
  return { code, stdout, stderr };
}

function session(): QuorumSession {
  const fake: Partial<QuorumSession> = {
    follow: () => each(told) as unknown as ReturnType<QuorumSession['follow']>,
    statuses: () => each([]),
    close: () => Promise.resolve(),
  };
  return fake as QuorumSession;
}

async function* each<T>(events: readonly T[]): AsyncGenerator<T, void> {
  await Promise.resolve();
  yield* events;
}

/** The objects of lines of JSON, without what differs from run to run. */
function objects(stdout: string): unknown[] {
  const lines = stdout.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line.replace(/,"time":"[\d\-T:.]+Z"/, '')) as unknown);
}

describe('quorum', () => {
  it('says whether the cluster is quorate', async () => {
    expect(await run('quorum')).toEqual({
      code: 0,
      stdout: [
        'quorate   yes',
        'node      1',
        'members   1 2',
        'ring      1.1a',
        'votes     2 of 2; quorum is 2\n',
      ].join('\n'),
      stderr: '',
    });
    cluster.quorate = false;
    cluster.events = [cluster.quorumEvent([1])];
    const { code, stdout } = await run('quorum');
    expect(code).toBe(4);
    expect(stdout).toMatch(/^quorate {3}no\n/);
    expect(cluster.connections.filter((one) => one.endsWith(' closed'))).toHaveLength(6);
  });

  it('tells of flags, and of the quorum device, whose name steers no terminal', async () => {
    const device = { qdeviceName: 'a\x1b[2J\x9b', qdeviceVotes: 3 };
    const flags = ['two-node', 'qdevice-registered'] as const;
    cluster.change(1, { info: info(1, { ...device, flags }) });
    expect((await run('quorum')).stdout).toMatch(
      /\nflags {5}two-node\ndevice {4}a\\x1B\[2J\\x9B; not alive; does not give its votes: 3\n$/,
    );
    cluster.change(1, {
      info: info(1, { ...device, flags: [...flags, 'qdevice-alive', 'qdevice-cast-vote'] }),
    });
    expect((await run('quorum')).stdout).toMatch(/; alive; gives its votes: 3\n$/);
    const { stdout } = await run('quorum', '--json');
    expect(stdout).not.toMatch(/[\x1b\x9b]/);
    expect(objects(stdout)).toEqual([
      {
        quorate: true,
        node: 1,
        members: [1, 2],
        ring: '1.1a',
        votes: { expected: 2, highestExpected: 2, total: 2, quorum: 2 },
        flags: ['quorate', 'two-node', 'qdevice-registered', 'qdevice-alive', 'qdevice-cast-vote'],
        device: { name: 'a\x1b[2J\x9b', votes: 3, alive: true, castsVote: true, masterWins: false },
      },
    ]);
  });

  it('knows the members without a provider of quorum, too', async () => {
    cluster.type = 'free';
    const ringId = { nodeId: 1, seq: 9n };
    cluster.events = [
      { kind: 'nodelist', ringId, members: [1, 2], joined: [], left: [], snapshot: true },
      { kind: 'quorum', quorate: true, ringId: { nodeId: undefined, seq: 0n }, members: [], snapshot: true },
    ];
    expect(objects((await run('quorum', '--json')).stdout)).toEqual([
      { quorate: true, node: 1, members: [1, 2], ring: '1.9', votes: null, flags: [], device: null },
    ]);
  });

  it('watches', async () => {
    const ringId = { nodeId: 1, seq: 26n };
    const state: QuorumState = { quorate: true, members: [1, 2], ringId };
    const nodelist = {
      kind: 'nodelist',
      ringId,
      members: [1],
      joined: [],
      left: [2],
      snapshot: false,
    } as const;
    told = [
      { kind: 'snapshot', state },
      { kind: 'change', event: nodelist, state: { ...state, members: [1] } },
      {
        kind: 'change',
        event: { kind: 'quorum', quorate: false, ringId, members: [1], snapshot: false },
        state: { quorate: false, members: [1], ringId },
      },
      { kind: 'lost', error: new ConnectionError('CS_ERR_LIBRARY', { operation: 'connection' }) },
      { kind: 'resynced', state, changed: true },
      { kind: 'overflow', dropped: 3, state: undefined },
    ];
    const { code, stdout } = await run('quorum', '--watch');
    expect(code).toBe(0);
    expect(stdout.replace(/^\S+Z /gm, '').split('\n')).toEqual([
      'is quorate; members 1 2; ring 1.1a',
      'joined -, left 2; members 1',
      'is NOT quorate; members 1; ring 1.1a',
      'lost: corosync is gone; nothing is heard until resynced',
      'resynced: now quorate; members 1 2; ring 1.1a',
      'overflow: 3 changes are not told one by one; nothing is known',
      '',
    ]);
    const ring = '1.1a';
    expect(objects((await run('quorum', '--watch', '--json')).stdout)).toMatchObject([
      { event: 'snapshot', quorate: true, members: [1, 2], ring },
      { event: 'nodelist', joined: [], left: [2], quorate: true, members: [1], ring },
      { event: 'quorum', quorate: false, members: [1], ring },
      { event: 'lost', code: 'CS_ERR_LIBRARY' },
      { event: 'resynced', changed: true, quorate: true, members: [1, 2], ring },
      { event: 'overflow', dropped: 3 },
    ]);
  });
});

describe('members', () => {
  it('prints the nodes of the configuration and other members', async () => {
    cluster.change(1, { addresses: ['10.0.0.1', '10.1.0.1'] });
    cluster.add(10, { name: 'new\x1b[2J' });
    cluster.nodes.delete(10);
    cluster.nodes.set(3, { addresses: [], info: info(3, { votes: 2 }), status: nodeStatus(3) });
    cluster.events = [cluster.quorumEvent([1, 3])];
    expect(await run('members')).toEqual({
      code: 0,
      stdout: [
        'NODE  NAME        STATE      VOTES  ADDRESSES',
        '   1  one         this node      1  10.0.0.1 10.1.0.1',
        '   2  two         absent         1  10.0.0.2',
        '   3  -           member         2',
        '  10  new\\x1B[2J  absent         -\n',
      ].join('\n'),
      stderr: '',
    });
    expect(objects((await run('members', '--json')).stdout)).toEqual([
      { node: 1, name: 'one', local: true, member: true, votes: 1, addresses: ['10.0.0.1', '10.1.0.1'] },
      { node: 2, name: 'two', local: false, member: false, votes: 1, addresses: ['10.0.0.2'] },
      { node: 3, name: null, local: false, member: true, votes: 2, addresses: [] },
      { node: 10, name: 'new\x1b[2J', local: false, member: false, votes: null, addresses: [] },
    ]);
  });
});

describe('links', () => {
  it('prints the links to the others, and tells by its exit code that one is not connected', async () => {
    expect((await run('links')).code).toBe(0);
    const down = link({ connected: false, sourceAddress: 'fd00::1', destinationAddress: 'fd00::2' });
    cluster.change(2, { status: nodeStatus(2, { links: [link(), down, link({ enabled: false })] }) });
    expect(await run('links')).toEqual({
      code: 4,
      stdout: [
        'NODE  NAME  LINK  STATE          MTU  ADDRESS',
        '   2  two      0  connected     1446  10.0.0.2',
        '   2  two      1  disconnected  1446  fd00::2\n',
      ].join('\n'),
      stderr: '',
    });
    const { stdout } = await run('links', '--json');
    expect(objects(stdout)).toEqual([
      { node: 2, name: 'two', link: 0, connected: true, mtu: 1446, from: '10.0.0.1', to: '10.0.0.2' },
      { node: 2, name: 'two', link: 1, connected: false, mtu: 1446, from: 'fd00::1', to: 'fd00::2' },
    ]);
  });

  it('takes the one address of udpu for the other node’s', async () => {
    cluster.change(2, {
      status: nodeStatus(2, { links: [link({ sourceAddress: '10.0.0.2', destinationAddress: '' })] }),
    });
    expect(objects((await run('links', '--json')).stdout)).toMatchObject([{ from: '', to: '10.0.0.2' }]);
  });

  it('says what it could not be told', async () => {
    const unknown = new CsError('CS_ERR_FAILED_OPERATION', { operation: 'corosync_cfg_node_status_get' });
    cluster.change(2, { status: unknown });
    const { code, stdout, stderr } = await run('links');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^corosync-client: corosync_cfg_node_status_get: CS_ERR_FAILED_OPERATION/);
  });
});

describe.each(['quorum', 'members', 'links'])('%s', (name) => {
  it('connects as the options say, and takes none of the map', async () => {
    await run('--socket-directory', '/run/x', name, '--timeout', '500');
    expect(connectedWith).toEqual({
      timeoutMs: 500,
      socketDirectory: '/run/x',
      sharedMemoryDirectory: '/variable/shm',
    });
    const wrong = [['--map', 'stats'], ['--socket-name', 'cmap2'], ['--buffer-size', '65536'], ['word']];
    for (const words of wrong) {
      const { code, stderr } = await run(name, ...words);
      expect(code, stderr).toBe(2);
    }
  });

  it('has exit code 3 where there is no corosync', async () => {
    const gone = new ConnectionError('CS_ERR_LIBRARY', { operation: 'connect', errno: 'ECONNREFUSED' });
    for (const service of ['quorum', 'cfg', 'cmap'] as const) cluster.refused.set(service, gone);
    const { code, stderr } = await run(name);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^corosync-client: cannot connect.*`corosync-client doctor` says more\n$/);
  });
});
