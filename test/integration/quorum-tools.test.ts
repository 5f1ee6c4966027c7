import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { PrivateCorosync, type PrivateCorosyncOptions } from '../helpers/corosync/private-corosync.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';
import { VotequorumPeer } from '../helpers/corosync/votequorum-peer.ts';
import { CFGTOOL, compareTools, QUORUMTOOL } from '../helpers/integration/integration-beside-tool.ts';
import { shell } from '../cli/program.ts';

// quorumtool and cfgtool beside the C tools that they stand for: same corosync of one node, same arguments, same bytes and exit codes.

const CS_OK = 1;

/** What reads only. */
const QUORUM_READING = [
  '',
  '-s',
  '-l',
  '-H',
  '-p',
  '-i',
  '-l -a',
  '-l -a -i',
  '-l -p -H',
  '-s -o n',
  '-l -o i',
  '-l -o a',
  '-m -s',
  '-s words that are ignored',
  '-- -s',
];

const CFG_READING = [
  '-s',
  '-n',
  '-b -s',
  '--stat --brief',
  '-i whatever -s',
  '-s -n',
  '-a 1',
  '--address=1',
  '-a 99',
  '-a 4294967295',
];

/** corosync is not asked. */
const QUORUM_ARGUMENTS = [
  '-h',
  '-V',
  '-x',
  '-h -x',
  '-x -h',
  '-Vh',
  '--help',
  '-sx',
  '-e',
  '-e 0',
  '-e -1',
  '-e 2147483648',
  '-e 1x',
  "-e ''",
  '-v -1',
  '-v x',
  '-n 0',
  '-n 4294967296',
  '-o z',
  '-o',
  "-o ''",
];

const CFG_ARGUMENTS = [
  '',
  '-h',
  '-b',
  '-r',
  '-rb words',
  '--force',
  '-x',
  '-c',
  '-V',
  '-k',
  '-k 0',
  '-k x',
  '-a -1',
  '-a 4294967296',
  '--kill',
  '--address',
  '--re',
  '--s',
  '--status=1',
  '--frob=1',
  '--y',
  '-i',
];

interface Lines {
  readonly quorumtool: readonly string[];
  readonly cfgtool: readonly string[];
}

const ALL: Lines = { quorumtool: QUORUM_READING, cfgtool: CFG_READING };
const SOME: Lines = { quorumtool: ['-s', '-l -a -i', '-p -H'], cfgtool: ['-s', '-n', '-b -s', '-a 1'] };

function comparesAll({ quorumtool, cfgtool }: Lines): void {
  describe.each([
    ['quorumtool', QUORUMTOOL, quorumtool],
    ['cfgtool', CFGTOOL, cfgtool],
  ] as const)('%s', (_name, tool, lines) => {
    test.each(lines)('%j', async (line) => {
      await compareTools(tool, line);
    });
  });
}

interface Setting extends PrivateCorosyncOptions {
  readonly lines?: Lines;
}

function describeOn(name: string, options: Setting, more: () => void = () => undefined): void {
  describeIntegration(`the tools beside corosync's, ${name}`, () => {
    let corosync: PrivateCorosync;
    beforeAll(async () => {
      corosync = await PrivateCorosync.start(options);
    });
    afterAll(() => corosync.stop());
    comparesAll(options.lines ?? SOME);
    more();
  });
}

describeIntegration("the arguments of the tools beside corosync's", () => {
  describe.each([
    ['quorumtool', QUORUMTOOL, QUORUM_ARGUMENTS],
    ['cfgtool', CFGTOOL, CFG_ARGUMENTS],
  ] as const)('%s', (_name, tool, lines) => {
    test.each(lines)('%j', async (line) => {
      await compareTools(tool, line);
      await compareTools(tool, line, { under: 'env POSIXLY_CORRECT=1' });
    });
  });

  describe('without corosync', () => {
    test.each(['-s', '-l', '-m', '-e 3', '-v 1', '-f'])('quorumtool %s', async (line) => {
      expect((await compareTools(QUORUMTOOL, line)).stderr).toBe('Cannot initialize CMAP service\n');
    });

    test.each(['-s', '-n', '-a 1'])('cfgtool %s', async (line) => {
      expect((await compareTools(CFGTOOL, line)).stderr).toContain('configuration API error 2\n');
    });
  });
});

describeOn('with votequorum', { lines: ALL }, () => {
  it('without access', async () => {
    const nobody = { under: 'setpriv --reuid 65534 --regid 65534 --clear-groups' };
    expect((await compareTools(QUORUMTOOL, '-s', nobody)).code).toBe(1);
    expect((await compareTools(CFGTOOL, '-s', nobody)).stderr).toContain('API error 11\n');
  });

  it('with a quorum device, before and after its first vote', async () => {
    await using peer = new VotequorumPeer();
    await peer.connect();
    expect(await peer.register('disk/witness')).toBe(CS_OK);
    for (const line of ['-s', '-l', '-H']) await compareTools(QUORUMTOOL, line);
    await peer.trackStart(1n, 1);
    const ring = (await peer.notified(1)).find((event) => event.type === 'nodelist');
    if (ring?.type !== 'nodelist') throw new Error('no ring id');
    const { ringId } = ring;
    // A vote is good for ten seconds, which two tools may take on a busy machine.
    for (const line of ['-s', '-l', '-H', '-lp']) {
      expect(await peer.poll('disk/witness', 1, ringId)).toBe(CS_OK);
      await compareTools(QUORUMTOOL, line);
    }
    expect(await peer.poll('disk/witness', 1, ringId)).toBe(CS_OK);
    expect(await peer.masterWins('disk/witness', 1)).toBe(CS_OK);
    await compareTools(QUORUMTOOL, '-s');
    expect(await peer.unregister('disk/witness')).toBe(CS_OK);
    await compareTools(QUORUMTOOL, '-s');
  });

  it('inquorate', async () => {
    await shell('corosync-cmapctl -s quorum.expected_votes u32 5');
    for (const line of ['-s', '-l', '-p']) await compareTools(QUORUMTOOL, line);
    expect((await compareTools(QUORUMTOOL, '-s')).code).toBe(2);
    await shell('corosync-cmapctl -s quorum.expected_votes u32 1');
  });
});

describeOn('with all that votequorum can do', {
  config: {
    quorum:
      'expected_votes: 2\n  two_node: 1\n  wait_for_all: 1\n  last_man_standing: 1\n  auto_tie_breaker: 1\n  allow_downscale: 1',
  },
});
describeOn('without a provider', {
  provider: 'none',
  lines: { quorumtool: ['-s', '-l', '-m', '-l -a -i -H -p', '-e 3', '-v 1', '-f'], cfgtool: SOME.cfgtool },
});
describeOn('over udpu, with an id made of an address', {
  config: { totem: 'transport: udpu' },
  nodeIds: [0x7f00_0001],
});
describeOn('over udpu', { config: { totem: 'transport: udpu' } });
describeOn('where the node has no name, but its address has', { names: [''] });
describeOn('with a name that is no ASCII', { names: ['caf\u00e9 \u20ac'] });
describeOn('with a long name', { names: ['x'.repeat(255)] });
describeOn('over datagram sockets', { ipcType: 'socket' });

describeIntegration("the tools beside corosync's, with IPv6", () => {
  it('shows what the C tool shows, but for the scope, which it never sets', async () => {
    await shell('ip -6 addr add fd00::1/64 dev lo nodad');
    await using corosync = await PrivateCorosync.start({ nodes: ['fd00::1'] });
    expect(corosync.running).toBe(true);
    const normalize = (text: string): string => text.replace(/(fd00::1)%\d+/g, '$1');
    for (const line of ['-s', '-l -i', '-l -a']) await compareTools(QUORUMTOOL, line, { normalize });
    for (const line of ['-s', '-n', '-a 1']) await compareTools(CFGTOOL, line, { normalize });
  });
});
