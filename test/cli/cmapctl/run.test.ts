import { beforeEach, describe, expect, it } from 'vitest';
import { ConnectionError, CsError } from '../../../src/index.ts';
import { FakeClient } from '../fake-client.ts';
import { FakeEnvironment } from './fake-environment.ts';

let environment: FakeEnvironment;

beforeEach(() => {
  environment = new FakeEnvironment();
  environment.client = new FakeClient({
    'a.one': { type: 'uint8', value: 1 },
    'a.two': { type: 'string', value: 'two' },
    'b.one': { type: 'binary', value: Uint8Array.of(1, 2) },
  });
});

describe('cmapctl', () => {
  it('prints prefixes, and fails only if none has a key', async () => {
    expect(await environment.run('a.')).toEqual({
      code: 0,
      stdout: 'a.one (u8) = 1\na.two (str) = two\n',
      stderr: '',
    });
    expect((await environment.run()).stdout).toBe('a.one (u8) = 1\na.two (str) = two\nb.one (bin)\n');
    expect((await environment.run('no', 'b.')).code).toBe(0);
    expect((await environment.run('no', 'none')).code).toBe(1);
    environment.client.values.clear();
    expect((await environment.run()).code).toBe(1);
  });

  it('stops at a prefix that is too long', async () => {
    const { code, stdout, stderr } = await environment.run('b.', 'x'.repeat(256), 'a.');
    expect(code).toBe(1);
    expect(stdout).toBe('b.one (bin)\n');
    expect(stderr).toBe('Failed to initialize iteration. Error CS_ERR_NAME_TOO_LONG\n');
  });

  it('gets keys up to the first that is missing', async () => {
    expect(await environment.run('-qg', 'a.two', 'no.key', 'a.one')).toEqual({
      code: 1,
      stdout: 'two\n',
      stderr: "Can't get key no.key. Error CS_ERR_NOT_EXIST\n",
    });
  });

  it('deletes keys up to the first that is missing', async () => {
    expect((await environment.run('-d', 'a.one', 'no.key', 'a.two')).code).toBe(1);
    expect([...environment.client.values.keys()]).toEqual(['a.two', 'b.one']);
  });

  it('deletes prefixes as far as it may', async () => {
    environment.client.readOnly.add('a.one');
    const { code, stderr } = await environment.run('-D', 'a.', 'none.');
    expect({ code, stderr }).toEqual({ code: 0, stderr: "Can't delete key a.one. Error CS_ERR_ACCESS\n" });
    expect([...environment.client.values.keys()]).toEqual(['a.one', 'b.one']);
  });

  it('sets keys', async () => {
    expect((await environment.run('-s', 'new.key', 'i16', '-5')).code).toBe(1);
    expect((await environment.run('-s', '--', 'new.key', 'i16', '-5')).code).toBe(0);
    expect(environment.client.values.get('new.key')).toEqual({ type: 'int16', value: -5 });
    await environment.run('-s', 'new.key', 'str', 'caf\xe9');
    expect(environment.client.values.get('new.key')).toEqual({
      type: 'string',
      value: 'caf\ufffd',
      bytes: Buffer.from('caf\xe9', 'latin1'),
    });
    expect(await environment.run('-s', 'new.key', 'i16')).toMatchObject({
      code: 1,
      stderr: 'At least 3 parameters are expected for set\n',
    });
  });

  it('clears statistics, and does not care whether that worked', async () => {
    environment.client.readOnly.add('stats.clear.ipc');
    expect(await environment.run('-C', 'ipc')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(environment.maps).toEqual(['stats']);
    expect(environment.client.calls).toEqual(['set stats.clear.ipc']);
  });

  it('closes its connection, whatever happens', async () => {
    await environment.run('-g', 'no.key');
    expect(environment.client.closed).toBe(true);
  });

  it('does not connect for help or a wrong command line', async () => {
    expect((await environment.run('-h')).stdout).toMatch(/^\nusage: {2}corosync-cmapctl \[-b\]/);
    expect(await environment.run('-x')).toEqual({
      code: 1,
      stdout: '',
      stderr: "cmapctl: invalid option -- 'x'\n",
    });
    expect(environment.maps).toEqual([]);
  });

  it('says why it cannot connect', async () => {
    environment.connectError = new ConnectionError('CS_ERR_ACCESS', { operation: 'connect' });
    expect(await environment.run()).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Failed to initialize the cmap API. Error CS_ERR_ACCESS\n',
    });
  });

  it('says which environment variable is wrong', async () => {
    environment.connectError = new CsError('CS_ERR_INVALID_PARAM', {
      operation: 'cmap_initialize_map',
      detail: 'options.sharedMemoryDirectory is "shm"; it must be an absolute path',
    });
    expect((await environment.run()).stderr).toBe(
      'Failed to initialize the cmap API. Error CS_ERR_INVALID_PARAM (7): COROSYNC_CLIENT_SHM_DIRECTORY is "shm"; it must be an absolute path\n',
    );
  });
});

describe('cmapctl -t and -T', () => {
  it('prints changes', async () => {
    let quit = (): void => undefined;
    environment.quit = new Promise((resolve) => (quit = resolve));
    const running = environment.run('-T', 'a.', 'b.');
    await expect.poll(() => environment.stdout).toBe('Type "q" to finish\n');
    const one = { type: 'uint8', value: 1 } as const;
    const two = { type: 'string', value: 'two' } as const;
    environment.client.notify({ change: 'modify', key: 'a.x', newValue: two, oldValue: one });
    quit();
    expect(await running).toEqual({
      code: 0,
      stdout: 'Type "q" to finish\nmodify> a.x (str) = two\nmodify> a.x (str) = two\n',
      stderr: '',
    });
    expect(environment.client.tracked).toEqual(['a.*', 'b.*']);
  });

  it('prints what was added and what is gone', async () => {
    const running = environment.run('-t', 'a.one');
    const one = { type: 'uint8', value: 1 } as const;
    environment.quit = new Promise((resolve) =>
      setImmediate(() => {
        environment.client.notify({ change: 'add', key: 'a.one', newValue: one, oldValue: undefined });
        environment.client.notify({ change: 'delete', key: 'a.one', newValue: undefined, oldValue: one });
        resolve();
      }),
    );
    expect((await running).stdout).toBe(
      'Type "q" to finish\ncreate> a.one (u8) = 1\ndelete> a.one (u8) = 1\n',
    );
  });

  it('does not ask for what can never change', async () => {
    expect((await environment.run('-t', 'ab', 'a b c', 'x'.repeat(255))).code).toBe(0);
    expect(environment.client.tracked).toEqual(['x'.repeat(255)]);
  });

  it('ends with exit code 0 even if corosync goes away', async () => {
    environment.quit = new Promise(() => undefined);
    environment.client.lose(new ConnectionError('CS_ERR_LIBRARY', { operation: 'connection' }));
    expect(await environment.run('-T', 'a.')).toEqual({
      code: 0,
      stdout: 'Type "q" to finish\n',
      stderr: 'Dispatch error CS_ERR_LIBRARY\n',
    });
  });
});
