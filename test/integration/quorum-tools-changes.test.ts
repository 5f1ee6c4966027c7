import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shell } from '../cli/program.ts';
import { CfgPeer } from '../helpers/corosync/cfg-peer.ts';
import { corosyncConf } from '../helpers/corosync/corosync-conf.ts';
import { PrivateCorosync } from '../helpers/corosync/private-corosync.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';
import { VotequorumPeer } from '../helpers/corosync/votequorum-peer.ts';
import {
  CFGTOOL,
  compareTools,
  essence,
  QUORUMTOOL,
  type Tools,
} from '../helpers/integration/integration-beside-tool.ts';
import { waitUntil } from '../helpers/wait-until.ts';

// What quorumtool and cfgtool change, beside the C tools: the same words, the same exit codes, and the same left behind.

const CS_OK = 1;

/** Runs each tool after `prepare`; what they say, and what `state` is then, has to be the same. */
async function compareChange(
  tools: () => Tools,
  line: string,
  { prepare = () => Promise.resolve(), state }: Change,
): Promise<{ code: number; stderr: string }> {
  const { ours, theirs } = tools();
  const seen = [];
  for (const tool of [theirs, ours]) {
    await prepare();
    const outcome = await shell(`exec ${tool} ${line}`);
    seen.push({ ...essence(outcome), stderr: outcome.stderr, state: await state() });
  }
  expect(seen[1]).toEqual(seen[0]);
  return { code: seen[0]?.code ?? -1, stderr: seen[0]?.stderr ?? '' };
}

interface Change {
  readonly prepare?: () => Promise<unknown>;
  readonly state: () => Promise<string>;
}

/** Votes as the C tool tells them, when they have settled: a change takes effect after its answer. */
async function votes(): Promise<string> {
  let before = '';
  let now = '-';
  while (now !== before) {
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 200));
    now = (await shell('corosync-quorumtool -s')).stdout.toString().replace(/^(?:Date|Ring ID): .*$/gm, '');
  }
  return now;
}

describeIntegration("what the tools change beside corosync's", () => {
  let corosync: PrivateCorosync;
  beforeAll(async () => {
    corosync = await PrivateCorosync.start();
  });
  afterAll(() => corosync.stop());

  /** Votes go down by detours only. */
  const reset = async (): Promise<void> => {
    await corosync.stop();
    corosync = await PrivateCorosync.start();
  };

  it.each([
    ['-e 1', 0],
    ['-e 3', 1],
    ['-v 2', 0],
    ['-v 3 -n 1', 0],
    ['-v 0', 1],
    ['-n 9 -v 1', 1],
    ['-f', 0],
    ['-l -e 1', 0],
  ])('quorumtool %s', async (line, code) => {
    expect(await compareChange(QUORUMTOOL, line, { prepare: reset, state: votes })).toMatchObject({ code });
  });

  it('quorumtool makes a node quorate that is not, as told', async () => {
    const inquorate = async (): Promise<void> => {
      await reset();
      await shell('corosync-cmapctl -s quorum.expected_votes u32 3');
      await votes();
    };
    for (const line of ['-e 1', '-v 2'])
      expect(await compareChange(QUORUMTOOL, line, { prepare: inquorate, state: votes })).toMatchObject({
        code: 0,
      });
    await reset();
  });

  it('quorumtool -f unregisters a quorum device', async () => {
    await using peer = new VotequorumPeer();
    await peer.connect();
    const prepare = async (): Promise<void> => {
      expect(await peer.register('disk')).toBe(CS_OK);
      await votes();
    };
    expect(await compareChange(QUORUMTOOL, '-f', { prepare, state: votes })).toMatchObject({ code: 0 });
    expect(await votes()).not.toContain('Qdevice');
    await reset();
  });

  it('refuses votes with which corosync would lose count', async () => {
    await reset();
    const { code, stderr } = await shell(`exec ${QUORUMTOOL().ours} -v 600`);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'Unable to set votes 600 for nodeid: 1: CS_ERR_INVALID_PARAM\n',
    });
    expect(await votes()).toContain('Total votes:      1\n');
  });

  it('cfgtool -L, -k of nobody, and -H where somebody is against it', async () => {
    await compareTools(CFGTOOL, '-L');
    expect((await compareTools(CFGTOOL, '-k 99')).code).toBe(1);
    await using peer = new CfgPeer();
    await peer.connect();
    expect(await peer.trackStart(0)).toBe(CS_OK);
    await shell('corosync-cmapctl -s cfg.shutdown_timeout u32 300');
    expect(await compareTools(CFGTOOL, '-H')).toMatchObject({
      code: 0,
      stderr: 'Could not shutdown (error = 10)\n',
    });
    expect(corosync.running).toBe(true);
  });

  it('cfgtool -R, with a file that is right, one that is wrong, and right again', async () => {
    const file = join(corosync.directory, 'corosync.conf');
    const right = corosyncConf(corosync.logFile);
    expect(await compareTools(CFGTOOL, '-R')).toMatchObject({ code: 0 });
    writeFileSync(file, `${right}totem {\n`);
    expect(await compareTools(CFGTOOL, '-R')).toMatchObject({ code: 7 });
    writeFileSync(file, right);
    expect(await compareTools(CFGTOOL, '--reload')).toMatchObject({ code: 0 });
  });
});

describeIntegration('a log directory that is gone', () => {
  it('is the exit code of cfgtool -L', async () => {
    mkdirSync('/run/logs');
    await using corosync = await PrivateCorosync.start({ logFile: '/run/logs/corosync.log' });
    renameSync('/run/logs', '/run/moved');
    expect((await compareTools(CFGTOOL, '-L')).code).toBe(12);
    expect(corosync.running).toBe(true);
    renameSync('/run/moved', '/run/logs');
  });
});

describe.each(['-H', '--shutdown --force', '-k 1'])('cfgtool %s', (line) => {
  describeIntegration("ends corosync as corosync's tool does", () => {
    it('and says the same', async () => {
      const seen = [];
      for (const tool of [CFGTOOL().theirs, CFGTOOL().ours]) {
        await using corosync = await PrivateCorosync.start();
        const { code, stdout } = await shell(`exec ${tool} ${line}`);
        await corosync.exited();
        seen.push({ code, stdout: stdout.toString(), exit: corosync.exitCode });
      }
      expect(seen[1]).toEqual(seen[0]);
    });
  });
});

describeIntegration('on a terminal', () => {
  let terminals = 0;

  /** What is typed, and what the terminal shows. */
  const typed = async (answer: string, command: string): Promise<{ shown: string; code: number }> => {
    terminals += 1;
    const [file, over] = [`/run/typed-${terminals}`, `/run/typed-${terminals}-over`];
    writeFileSync(file, `trap 'touch ${over}' EXIT\n${command}\n`);
    // The terminal hangs up at the end of its input, so that has to wait.
    const wait = `for ((i = 0; i < 150; i++)); do [ ! -e ${over} ] || break; sleep 0.2; done`;
    const { stdout, code } = await shell(
      `(sleep 1; printf '${answer}'; ${wait}) | script --quiet --return --command 'bash ${file}' /dev/null`,
    );
    return { shown: stdout.toString().replaceAll('\r', ''), code };
  };

  it('what kills, shuts down or changes votes asks first, and takes nothing but a yes for one', async () => {
    await using corosync = await PrivateCorosync.start();
    const before = await votes();
    const { ours } = QUORUMTOOL();
    for (const answer of ['n\\n', '\\n', '\\004']) {
      const { shown, code } = await typed(answer, `${ours} -v 2`);
      expect(shown).toContain('Set the votes of node 1 to 2? [y/N] ');
      expect(shown).toContain('Nothing was done.');
      expect(code).toBe(1);
    }
    expect(await votes()).toBe(before);
    expect(await typed('n\\n', `${CFGTOOL().ours} -H`)).toMatchObject({ code: 1 });
    expect(await typed('n\\n', `${CFGTOOL().ours} -k 1`)).toMatchObject({ code: 1 });
    expect(corosync.running).toBe(true);
    expect(await typed('', `${ours} --yes -v 2`)).toEqual({ shown: '', code: 0 });
    expect(await typed('yes\\n', `${ours} -v 3`)).toMatchObject({ code: 0 });
    expect(await typed('Y\\n', `${CFGTOOL().ours} -H`)).toMatchObject({ code: 0 });
    await corosync.exited();
  }, 60_000);

  it('Ctrl-C at the question does nothing', async () => {
    await using corosync = await PrivateCorosync.start();
    expect((await typed('\\003', `${CFGTOOL().ours} -H`)).code).toBe(130);
    await waitUntil('it runs', () => corosync.running);
  });
});
