import { beforeEach, describe, expect, it } from 'vitest';
import { runQuorumtool } from '../../../src/cli/quorumtool/run.ts';
import { CsError } from '../../../src/index.ts';
import { FakeServices, type Run } from '../drop-in/fake-services.ts';
import { info } from '../fake-cluster.ts';

let services: FakeServices;
const run = (...words: string[]): Promise<Run> => services.run(runQuorumtool, ...words);
const DONE = { code: 0, stdout: '', stderr: '' };
const AS_TOLD = { evenIfInquorate: true };
const invalid = (): Error => new CsError('CS_ERR_INVALID_PARAM', { operation: 'votequorum_setvotes' });

beforeEach(() => {
  services = new FakeServices();
});

describe('quorumtool', () => {
  it('changes votes, after a question', async () => {
    expect(await run('-e', '3')).toEqual(DONE);
    expect(await run('-v', '2')).toEqual(DONE);
    expect(await run('-v', '0', '-n', '7')).toEqual(DONE);
    expect(services.cluster.changes).toEqual([
      ['setExpected', 3, AS_TOLD],
      ['setVotes', 1, 2, AS_TOLD],
      ['setVotes', 7, 0, AS_TOLD],
    ]);
    expect(services.questions).toEqual([
      'Set the expected votes of the whole cluster to 3? [y/N] ',
      'Set the votes of node 1 to 2? [y/N] ',
      'Set the votes of node 7 to 0? [y/N] ',
    ]);
  });

  it('asks nothing with --yes, and does nothing without a yes', async () => {
    services.answer = false;
    expect(await run('--yes', '-e', '3')).toEqual(DONE);
    expect(services.questions).toEqual([]);
    expect(await run('-e', '3')).toEqual({ code: 1, stdout: '', stderr: 'Nothing was done.\n' });
    expect(services.cluster.changes).toHaveLength(1);
  });

  it('unregisters the quorum device if there is one, by the bytes of its name', async () => {
    expect(await run('-f')).toEqual(DONE);
    expect(services.questions).toEqual([]);
    const device = { qdeviceName: '\ufffd', flags: ['qdevice-registered'] } as const;
    services.cluster.change(1, { info: info(1, { ...device, qdeviceNameBytes: Uint8Array.of(0xe9) }) });
    expect(await run('-f')).toEqual(DONE);
    services.cluster.change(1, { info: info(1, { ...device, qdeviceName: 'disk' }) });
    expect(await run('-f')).toEqual(DONE);
    expect(services.cluster.changes).toEqual([
      ['qdeviceUnregister', Uint8Array.of(0xe9)],
      ['qdeviceUnregister', 'disk'],
    ]);
    expect(services.questions).toHaveLength(2);
  });

  it('says what was refused', async () => {
    services.cluster.change(1, { info: info(1, { flags: ['qdevice-registered'] }) });
    services.cluster.refusals.push(invalid(), invalid(), invalid());
    const refused = (line: string): Run => ({
      code: 1,
      stdout: '',
      stderr: `${line}: CS_ERR_INVALID_PARAM\n`,
    });
    expect(await run('-e', '600')).toEqual(refused('Unable to set expected votes'));
    expect(await run('-v', '5', '-n', '2')).toEqual(refused('Unable to set votes 5 for nodeid: 2'));
    expect(await run('-f')).toEqual(refused('Unable to unregister quorum device'));
  });

  it('changes nothing where there is no votequorum', async () => {
    services.cluster.type = 'free';
    for (const [words, what] of [
      [['-e', '3'], 'change expected votes'],
      [['-v', '3'], 'change node votes'],
      [['-f'], 'unregister quorum device'],
    ] as const)
      expect((await run(...words)).stderr).toBe(`You cannot ${what}, corosync is not using votequorum\n`);
    expect(services.questions).toEqual([]);
  });
});
