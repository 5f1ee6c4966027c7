import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  checkConnection,
  type ConnectionCheck,
} from '../../../../src/cli/doctor/connection/check-connection.ts';
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
  return checkConnection(() => Promise.resolve(client.asCli()), map, system.lookAround());
}

function checkFailure(error: Error, socketDirectory?: string): Promise<ConnectionCheck> {
  const failure = new ConnectFailure('no connection to corosync', { cause: error });
  const surroundings = system.lookAround({ socketDirectory }, GUEST);
  return checkConnection(() => Promise.reject(failure), 'icmap', surroundings);
}

const failed = (code: CsErrorName, errno?: string, cause?: Error): ConnectionError =>
  new ConnectionError(code, { operation: 'connect', errno, cause });

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
      remarks: [{ level: 'ok' }, { level: 'problem', text: 'the map icmap is empty' }],
    });
  });

  it.each([
    [failed('CS_ERR_ACCESS', 'EACCES'), /create \/etc\/corosync\/uidgid\.d\/guest/],
    [failed('CS_ERR_TIMEOUT'), /very busy/],
    [failed('CS_ERR_TRY_AGAIN'), /again in a moment/],
    [failed('CS_ERR_SECURITY'), /ss -xlp \| grep cmap$/],
  ])('%s has a remedy', async (error, remedy) => {
    const { works, remarks } = await checkFailure(error);
    expect({ works, length: remarks.length }).toEqual({ works: false, length: 1 });
    expect(remarks[0]?.level).toBe('problem');
    expect(remarks[0]?.text).toContain(error.code);
    expect(remarks[0]?.remedy).toMatch(remedy);
  });

  it.each([
    [failed('CS_ERR_ACCESS', 'EACCES', new Error('open'))],
    [failed('CS_ERR_LIBRARY', 'ECONNREFUSED')],
    [failed('CS_ERR_NO_SPACE', 'ENOSPC')],
    [new Error('something else')],
  ])('%s has none of its own', async (error) => {
    expect((await checkFailure(error)).remarks[0]).not.toHaveProperty('remedy');
  });

  it('may be a socket file that is left of another corosync', async () => {
    const { remarks } = await checkFailure(failed('CS_ERR_LIBRARY', 'ECONNREFUSED'), '/run');
    expect(remarks[0]?.remedy).toContain('systemctl start corosync');
  });

  it('may be a corosync that is stopped', async () => {
    system.addProcess(7, { state: 'T (stopped)' });
    expect((await checkFailure(failed('CS_ERR_TIMEOUT'))).remarks[0]?.remedy).toBe('kill -CONT 7');
  });
});
