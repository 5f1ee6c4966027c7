import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  checkConnection,
  type ConnectionCheck,
} from '../../../../src/cli/doctor/connection/check-connection.ts';
import type { FindingId } from '../../../../src/cli/doctor/finding-ids.ts';
import type { CliClient } from '../../../../src/cli/command.ts';
import { ConnectFailure } from '../../../../src/cli/exit-codes.ts';
import { ConnectionError, CsError, type CmapMap, type CsErrorName } from '../../../../src/index.ts';
import { FakeClient } from '../../fake-client.ts';
import { FakeSystem, GUEST } from '../fake-system.ts';

let system: FakeSystem;
let client: FakeClient;

beforeEach(() => {
  vi.spyOn(fs, 'existsSync').mockReturnValue(false);
  system = new FakeSystem();
  client = new FakeClient({
    'config.version': { type: 'uint64', value: 7n },
    'runtime.votequorum.this_node_id': { type: 'uint32', value: 3 },
    'totem.cluster_name': { type: 'string', value: 'a\nb' },
  });
});
afterEach(() => {
  system[Symbol.dispose]();
  vi.restoreAllMocks();
});

function check(map: CmapMap = 'icmap'): Promise<ConnectionCheck> {
  return checkConnection({
    connect: () => Promise.resolve(client.asCli()),
    map,
    surroundings: system.lookAround(),
    seen: [],
  });
}

function checkFailure(error: Error, seen: FindingId[] = []): Promise<ConnectionCheck> {
  const failure = new ConnectFailure('no connection to corosync', { cause: error });
  const surroundings = system.lookAround({}, GUEST);
  return checkConnection({ connect: () => Promise.reject(failure), map: 'icmap', surroundings, seen });
}

const failed = (code: CsErrorName, errno?: string): ConnectionError =>
  new ConnectionError(code, { operation: 'connect', errno });

describe('a connection that works', () => {
  it('gets a value, and says which cluster and node this is', async () => {
    const { works, remarks } = await check();
    expect(works).toBe(true);
    expect(remarks.map(({ level, text }) => `${level} ${text.replace(/\d+\.\d/, 'N')}`)).toEqual([
      'ok connected in N ms, over shared memory; messages of up to 1048576 bytes',
      'ok a get took N ms: config.version (u64) = 7',
      'ok totem.cluster_name (str) = a\\x0Ab',
      'ok runtime.votequorum.this_node_id (u32) = 3',
    ]);
  });

  it('tells of rules that do not count', async () => {
    client.values.set('uidgid.uid.5', { type: 'uint32', value: 1 });
    client.values.set('uidgid.gid.6', { type: 'uint8', value: 2 });
    client.values.set('uidgid.config.uid.7', { type: 'uint8', value: 1 });
    client.values.set('uidgid.other', { type: 'uint32', value: 1 });
    const { works, remarks } = await check();
    expect(works).toBe(true);
    expect(remarks.filter(({ id }) => id === 'rule-type').map(({ remedy }) => remedy)).toEqual([
      'corosync-client set uidgid.gid.6 u8 1, if it should',
      'corosync-client set uidgid.uid.5 u8 1, if it should',
    ]);
  });

  it('says what carries it', async () => {
    client.transport = 'socket';
    expect((await check()).remarks[0]?.text).toContain('over datagram sockets;');
  });

  it('may lack those keys', async () => {
    client.values.delete('totem.cluster_name');
    const { works, remarks } = await check();
    expect(works).toBe(true);
    expect(remarks[2]).toMatchObject({ level: 'note' });
    client.values.delete('runtime.votequorum.this_node_id');
    expect((await check('stats')).remarks).toHaveLength(2);
  });
});

describe('a connection that does not work', () => {
  it('has no keys, or fails to get one', async () => {
    vi.spyOn(client, 'get').mockRejectedValue(new CsError('CS_ERR_TIMEOUT', { operation: 'cmap_get' }));
    const timedOut = await check();
    expect(timedOut).toMatchObject({ works: false, remarks: [{ level: 'ok' }, { level: 'problem' }] });
    client.values.clear();
    expect(await check()).toMatchObject({
      works: false,
      remarks: [{ level: 'ok' }, { level: 'problem', id: 'no-value', text: 'the map icmap is empty' }],
    });
  });

  it('has its error in words, and one remedy', async () => {
    const { works, remarks } = await checkFailure(failed('CS_ERR_ACCESS', 'EACCES'));
    expect({ works, length: remarks.length }).toEqual({ works: false, length: 1 });
    expect(remarks[0]).toMatchObject({ level: 'problem', id: 'not-connected' });
    expect(remarks[0]?.text).toContain('CS_ERR_ACCESS');
    expect(remarks[0]?.remedy).toMatch(/create \/etc\/corosync\/uidgid\.d\/guest/);
  });

  it('may have none', async () => {
    expect((await checkFailure(new Error('something else'))).remarks[0]).not.toHaveProperty('remedy');
  });

  it('names the finding that is the reason', async () => {
    const { remarks } = await checkFailure(failed('CS_ERR_TIMEOUT'), [
      'corosync-not-seen',
      'corosync-frozen',
    ]);
    expect(remarks[0]?.remedy).toBe('the reason is above: corosync-frozen');
  });

  it.each([
    ['which is gone', (): void => system.removeProcess(7)],
    [
      'whose parent has not asked yet',
      (): void => system.write('/proc/7/status', 'Name:\tcorosync\nState:\tZ (zombie)\n'),
    ],
  ])('may be the end of corosync, %s', async (_, end) => {
    system.addProcess(7);
    const surroundings = system.lookAround();
    const connect = (): Promise<CliClient> => Promise.reject(failed('CS_ERR_LIBRARY'));
    const attempt = { connect, map: 'icmap', surroundings, seen: [] } as const;
    expect((await checkConnection(attempt)).remarks[0]?.remedy).not.toContain('has ended');
    end();
    const { remarks } = await checkConnection(attempt);
    expect(remarks[0]?.remedy).toMatch(/^corosync \(pid 7\) has ended meanwhile/);
  });
});
