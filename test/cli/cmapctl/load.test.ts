import { describe, expect, it } from 'vitest';
import { FakeClient } from '../fake-client.ts';
import { FakeEnvironment } from './fake-environment.ts';

function environmentWith(settings: string): FakeEnvironment {
  const environment = new FakeEnvironment();
  environment.files.set('settings', settings);
  return environment;
}

describe('cmapctl -p', () => {
  it('sets and deletes in the order of the file', async () => {
    const environment = environmentWith('a.b u8 1\n^old.key\n# comment\n\na.b u8 2\n^^pre.\npre.new str x\n');
    environment.client = new FakeClient({
      'old.key': { type: 'uint8', value: 1 },
      'pre.x': { type: 'uint8', value: 1 },
      'pre.y': { type: 'uint8', value: 1 },
    });
    const run = await environment.run('-p', 'settings');
    expect(run).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(environment.client.calls).toEqual([
      'set a.b',
      'delete old.key',
      'set a.b',
      'delete pre.x',
      'delete pre.y',
      'set pre.new',
    ]);
    expect(Object.fromEntries(environment.client.values)).toEqual({
      'a.b': { type: 'uint8', value: 2 },
      'pre.new': { type: 'string', value: 'x' },
    });
  });

  it('goes on after a delete that fails', async () => {
    const environment = environmentWith('^no.key\na.b u8 1\n');
    const { code, stderr } = await environment.run('-p', 'settings');
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: "Can't delete key no.key. Error CS_ERR_NOT_EXIST\n",
    });
    expect(environment.client.values.has('a.b')).toBe(true);
  });

  it.each([
    ['frob', 'Both type and value for key frob are required'],
    ['a.b u9 1', 'Unknown type u9'],
    ['a.b u8 256', '256 is not valid u8 integer'],
    ['a.b i8 x', 'x is not valid i8 type value'],
    ['a.b bin none', "Can't open input file: No such file or directory"],
    ['a.b bin empty', 'Failed to set key a.b. Error CS_ERR_INVALID_PARAM'],
  ])('stops at a line that is wrong: %s', async (line, message) => {
    const environment = environmentWith(`first.key u8 1\n${line}\nlast.key u8 1\n`);
    environment.files.set('empty', '');
    const { code, stderr } = await environment.run('-p', 'settings');
    expect({ code, stderr }).toEqual({ code: 1, stderr: `${message}\n` });
    expect([...environment.client.values.keys()]).toEqual(['first.key']);
  });

  it('tells of what has failed before it waits for more of a file that is still being written', async () => {
    const environment = environmentWith('');
    let seen = '';
    environment.readPieces = async function* () {
      yield '^no.key\na.b u8 1\n';
      await Promise.resolve();
      seen = this.stderr;
      yield 'c.d u8 1\n';
    };
    await environment.run('-p', 'settings');
    expect(seen).toBe("Can't delete key no.key. Error CS_ERR_NOT_EXIST\n");
  });

  it('sends nothing behind a set that may be refused before that one is through', async () => {
    const environment = environmentWith('first.key u8 1\ntotem.token u32 1\nlast.key u8 1\n');
    environment.client.readOnly.add('totem.token');
    const { code, stderr } = await environment.run('-p', 'settings');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'Failed to set key totem.token. Error CS_ERR_ACCESS\n',
    });
    expect(environment.client.calls).toEqual(['set first.key', 'set totem.token']);
  });

  it('reports the earliest failure', async () => {
    const environment = environmentWith('first.key u8 1\nfrob\n');
    environment.client.readOnly.add('first.key');
    expect((await environment.run('-p', 'settings')).stderr).toBe(
      'Failed to set key first.key. Error CS_ERR_ACCESS\n',
    );
  });

  it('does not wait for one set before it sends the next', async () => {
    const environment = environmentWith(
      Array.from({ length: 300 }, (_, n) => `key.${n} u32 ${n}\n`).join(''),
    );
    let sentBeforeFirstAnswer = 0;
    const { client } = environment;
    const set = client.set.bind(client);
    client.set = (key, value) => {
      if (client.values.size === 0) sentBeforeFirstAnswer += 1;
      return set(key, value);
    };
    await environment.run('-p', 'settings');
    expect(client.values.size).toBe(300);
    expect(sentBeforeFirstAnswer).toBeGreaterThan(1);
  });

  it('exits with 0 if the file cannot be opened', async () => {
    const { code, stderr } = await new FakeEnvironment().run('-p', 'none');
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: "Couldn't open file.: No such file or directory\n",
    });
  });
});
