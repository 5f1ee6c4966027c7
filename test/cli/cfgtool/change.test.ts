import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCfgtool } from '../../../src/cli/cfgtool/run.ts';
import { ConnectionError, CsError, type CsErrorName } from '../../../src/index.ts';
import { FakeServices, type Run } from '../drop-in/fake-services.ts';

let services: FakeServices;
const run = (...words: string[]): Promise<Run> => services.run(runCfgtool, ...words);
const refuse = (...codes: CsErrorName[]): void =>
  void services.cluster.refusals.push(...codes.map((code) => new CsError(code, { operation: 'fake' })));

beforeEach(() => {
  services = new FakeServices();
});
afterEach(() => void vi.useRealTimers());

describe('cfgtool', () => {
  it('reloads the configuration and reopens log files, and asks nothing', async () => {
    expect(await run('-R')).toEqual({ code: 0, stdout: 'Reloading corosync.conf...\nDone\n', stderr: '' });
    expect(await run('-L')).toEqual({ code: 0, stdout: '', stderr: '' });
    refuse('CS_ERR_INVALID_PARAM', 'CS_ERR_NOT_EXIST');
    expect(await run('-R')).toEqual({
      code: 7,
      stdout: 'Reloading corosync.conf...\n',
      stderr: 'Could not reload configuration. Error CS_ERR_INVALID_PARAM\n',
    });
    expect(await run('-L')).toEqual({
      code: 12,
      stdout: '',
      stderr: 'Could not reopen corosync logging files. Error CS_ERR_NOT_EXIST\n',
    });
    expect(services.questions).toEqual([]);
  });

  it('kills a node, after a question', async () => {
    expect(await run('-k', '2')).toEqual({ code: 0, stdout: 'Killing node 2\n', stderr: '' });
    refuse('CS_ERR_NOT_EXIST');
    expect(await run('-k', '99', '--yes')).toEqual({
      code: 1,
      stdout: 'Killing node 99\n',
      stderr: 'Could not kill node (error = CS_ERR_NOT_EXIST)\n',
    });
    services.answer = false;
    expect(await run('-k', '2')).toEqual({ code: 1, stdout: '', stderr: 'Nothing was done.\n' });
    expect(services.cluster.changes).toEqual([
      ['killNode', 2, 'Killed by corosync-cfgtool'],
      ['killNode', 99, 'Killed by corosync-cfgtool'],
    ]);
    expect(services.questions).toHaveLength(2);
  });

  it('shuts down, after a question, and exits with 0 if that was refused, as the C tool does', async () => {
    expect(await run('-H')).toEqual({ code: 0, stdout: 'Shutting down corosync\n', stderr: '' });
    refuse('CS_ERR_BUSY');
    expect(await run('-H', '--force')).toEqual({
      code: 0,
      stdout: 'Shutting down corosync\n',
      stderr: 'Could not shutdown (error = 10)\n',
    });
    services.answer = false;
    expect(await run('-H')).toEqual({ code: 1, stdout: '', stderr: 'Nothing was done.\n' });
    expect(services.cluster.changes).toEqual([
      ['tryShutdown', 'request'],
      ['tryShutdown', 'regardless'],
    ]);
    expect(services.questions[1]).toBe('Shut down corosync on this node, whoever is against it? [y/N] ');
  });

  it('tries again to shut down while it is told to, thirty times', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    refuse('CS_ERR_TRY_AGAIN', 'CS_ERR_TRY_AGAIN');
    const second = run('-H');
    await vi.advanceTimersByTimeAsync(2000);
    expect(await second).toMatchObject({ code: 0, stderr: '' });
    expect(services.cluster.changes).toHaveLength(3);
  });

  it('names the code where it connects for a reload, and its number elsewhere', async () => {
    services.cluster.refused.set('cfg', new ConnectionError('CS_ERR_LIBRARY', { operation: 'connect' }));
    const line = 'Could not initialize corosync configuration API error';
    expect(await run('-R')).toMatchObject({ code: 1, stderr: `${line} CS_ERR_LIBRARY\n` });
    expect(await run('-L')).toMatchObject({ code: 1, stderr: `${line} CS_ERR_LIBRARY\n` });
    expect(await run('-k', '2')).toEqual({ code: 1, stdout: 'Killing node 2\n', stderr: `${line} 2\n` });
    expect(await run('-H')).toEqual({ code: 1, stdout: '', stderr: `${line} 2\n` });
  });
});
