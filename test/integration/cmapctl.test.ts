import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest';
import { cmapctlHere } from '../cli/cmapctl/cmapctl-here.ts';
import { built, outcomeOf, pidOf, shell, startShell, type Outcome } from '../cli/program.ts';
import { ShellSession } from '../cli/shell-session.ts';
import { PrivateCorosync } from '../helpers/corosync/private-corosync.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';
import { atRest } from '../helpers/at-rest.ts';
import { untilAsked } from '../helpers/integration/integration-requests.ts';
import { openDescriptors } from '../helpers/open-descriptors.ts';
import { waitUntil } from '../helpers/wait-until.ts';

// The drop-in against the tool that it stands for: same corosync, same arguments, same bytes and exit codes.

const THEIRS = 'corosync-cmapctl';
let ours = '';
let corosync: PrivateCorosync;
let bash: ShellSession;
/** Where the test began: tools look for files in their working directory. */
const home = process.cwd();

/** What counts: standard output to the byte (as latin1, for readable differences) and the exit code. */
function essence({ stdout, code }: Outcome): { stdout: string; code: number } {
  return { stdout: stdout.toString('latin1'), code };
}

/** A tool, run with arguments that are bash syntax. */
type Tool = (line: string) => Promise<Outcome>;

const theirTool: Tool = (line) => bash.run(`exec ${THEIRS} ${line}`);
/** The arguments may hold redirections. */
const ourProcess: Tool = (line) => bash.run(`exec ${ours} ${line}`);
const ourTool: Tool = async (line) => cmapctlHere(await bash.words(line));

/** Runs both tools with these arguments. */
async function compare(tool: Tool, line: string): Promise<void> {
  const theirs = await theirTool(line);
  const own = await tool(line);
  expect(essence(own), own.stderr).toEqual(essence(theirs));
  expect(own.stderr.replace(/^cmapctl:/, `${THEIRS}:`)).toBe(theirs.stderr);
}

/** Every type, its extremes, and what is odd about values; a character per byte. */
const KEYS = `
^^x
^^stats
x.i8.min i8 -128
x.i8.max i8 127
x.u8.max u8 255
x.i16.min i16 -32768
x.u16.max u16 65535
x.i32.min i32 -2147483648
x.u32.max u32 4294967295
x.i64.min i64 -9223372036854775808
x.i64.max i64 9223372036854775807
x.u64.max u64 18446744073709551615
x.flt.tenth flt 0.1
x.flt.max flt 3.4028235e38
x.flt.least flt 1e-45
x.flt.inf flt -inf
x.flt.nan flt nan
x.flt.negative.nan flt -nan
x.dbl.zero dbl -0
x.dbl.half dbl 0.0000005
x.dbl.tie dbl 0.0078125
x.dbl.huge dbl 1e308
x.dbl.max dbl 1.7976931348623157e308
x.dbl.least dbl 4.9e-324
x.dbl.inf dbl inf
x.dbl.negative.nan dbl -nan
x.str.text str text
x.str.punctuation str \\x00%s%n
x.str.latin1 str caf\xe9 \xff\xfe
x.str.utf8 str caf\xc3\xa9 \xe2\x82\xac
x.bin.all bin all-bytes
x.bin.big bin big
x/y:z-_ str other-characters
`;

async function loadKeys(): Promise<void> {
  const commands = [
    `${THEIRS} -p keys`,
    `${THEIRS} -s x.str.empty str ''`,
    `${THEIRS} -s x.str.spaces str $' a\\tb\\nc '`,
    `${THEIRS} -s x.str.big str "$(< big.text)"`,
  ];
  const { code, stderr } = await bash.run(`set -e; ${commands.join('; ')}`);
  expect(code, stderr).toBe(0);
}

function makeFiles(): void {
  const file = (name: string, data: string | Uint8Array): void =>
    writeFileSync(join(corosync.directory, name), data);
  const long = (length: number): string => `x.long str ${'y'.repeat(length)}\n`;
  file('keys', Buffer.from(KEYS, 'latin1'));
  file(
    'all-bytes',
    Uint8Array.from({ length: 256 }, (_, byte) => byte),
  );
  file('big', Buffer.alloc(16384, 'ab\0'));
  file('big.text', 'x'.repeat(16384));
  file('too-big', Buffer.alloc(16385));
  file('empty', '');
  file('secret', '');
  chmodSync(join(corosync.directory, 'secret'), 0);
  symlinkSync('loop', join(corosync.directory, 'loop'));
  file('p.plain', 'x.new u8 1\n# comment\n\n \t x.new2   str   two   three\n^x.i8.min\n');
  file('p.prefix', '^^x.dbl.\n^^x.none.\n^^runtime.config.totem.token\n^^\u0001\nx.dbl.new u8 1\n');
  file('p.no-newline', 'x.new u8 1\nx.new2 u8 2');
  file('p.crlf', 'x.new str a\r\nx.new2 u8 5\r\n');
  file('p.crlf-blank', 'x.new str a\r\n\r\nx.new2 u8 5\r\n');
  file('p.tabs', 'x.new\tu8\t1\n');
  file('p.blank-end', 'x.new u8 1\n   ');
  file('p.nul', 'x.new u8 1\n\0x.new2 u8 2\nx.new3 u8 3\n');
  file('p.nul-inside', 'x.new str a\0b\nx.new2 u8 2\n');
  file('p.1022', long(1022 - 11) + 'x.new u8 1\n');
  file('p.1023', long(1023 - 11) + 'x.new u8 1\n');
  file('p.1024', `x.long str ${'y'.repeat(1012)}# comment\nx.new u8 1\n`);
  file('p.split', `x.long str ${'y'.repeat(1012)}x.second u8 7\nx.new u8 1\n`);
  file('p.long-comment', `#${'y'.repeat(1022)}x.second u8 7\n`);
  file('p.delete-missing', '^x.none\n^\n^ x.i8.min\nx.new u8 1\n');
  file('p.incomplete', 'x.new u8 1\nx.new2 u8\nx.new3 u8 3\n');
  file('p.key-only', 'x.new u8 1\nx.new2\nx.new3 u8 3\n');
  file('p.type', 'x.new u8 1\nx.new2 u9 1\nx.new3 u8 3\n');
  file('p.range', 'x.new u8 1\nx.new2 u8 256\nx.new3 u8 3\n');
  file('p.read-only', 'x.new u8 1\ntotem.cluster_name str x\nx.new3 u8 3\n');
  file('p.read-only-prefix', 'x.new u8 1\nruntime.config.totem.token u32 5\nx.new3 u8 3\n');
  file('p.read-only-delete', 'x.new u8 1\n^totem.cluster_name\nx.new3 u8 3\n');
  file('p.bad-key', 'x.new u8 1\nx.n%w u8 1\nx.new3 u8 3\n');
  file('p.short-key', 'x.new u8 1\nab u8 1\nx.new3 u8 3\n');
  file('p.long-key', `x.new u8 1\n${'k'.repeat(256)} u8 1\nx.new3 u8 3\n`);
  file('p.bin', 'x.new bin all-bytes\nx.new2 bin -\nx.new3 u8 3\n');
  file('p.bin-twice', 'x.new bin -\nx.new2 bin -\nx.new3 u8 3\n');
  file('p.bin-missing', 'x.new u8 1\nx.new2 bin nowhere\nx.new3 u8 3\n');
  file('p.bin-empty', 'x.new u8 1\nx.new2 bin empty\nx.new3 u8 3\n');
  file('p.bin-too-big', 'x.new u8 1\nx.new2 bin too-big\nx.new3 u8 3\n');
  file('p.retype', 'x.new u8 1\nx.new str again\n^x.new\nx.new dbl 1e3\n');
  file('p.latin1', Buffer.from('x.new str caf\xe9\n', 'latin1'));
  file('p.many', Array.from({ length: 2000 }, (_, n) => `x.many.${n} u32 ${n}\n`).join(''));
}

/** These change nothing, so that both tools see the same map. */
const READING = [
  '-b',
  '-q',
  '-bq',
  '-b -q x.',
  'x.',
  'x.i8 nothing',
  'nothing x.i8',
  'nothing',
  "''",
  "'' ''",
  'x. x.',
  'x/y',
  'totem.',
  'runtime.config.',
  'nodelist. -b',
  '-- x.u8',
  'x.u8 -- -b',
  '"x "',
  "$(printf 'k%.0s' {1..255})",
  "$(printf 'k%.0s' {1..256})",
  "x.u8 $(printf 'k%.0s' {1..256}) x.i8",
  '-g x.str.text',
  '-g x.str.big',
  '-g x.bin.all',
  '-bg x.bin.all',
  '-bqg x.bin.all',
  '-bbg x.bin.all',
  '-g x.flt.tenth x.flt.max x.flt.least x.flt.inf x.flt.nan x.flt.negative.nan',
  '-g x.dbl.zero x.dbl.half x.dbl.tie x.dbl.huge x.dbl.max x.dbl.least x.dbl.inf x.dbl.negative.nan',
  '-qg x.dbl.huge',
  '-q -g x.str.text x.u8.max',
  'x.str.text -g -q',
  '-g nothing',
  "-g ''",
  '-g x',
  "-g 'x y'",
  "-g $(printf 'k%.0s' {1..255})",
  "-g $(printf 'k%.0s' {1..256})",
  '-g',
  '-g -- -h',
  'x.u8 -h',
  '-- -h',
  '-hx',
  '-xh',
  '--help',
  '-',
  '-g -',
  '-:',
  '-m',
  '-p',
  '-C',
  '-bm',
  '-m icmap x.u8',
  '-m default x.u8',
  '-micmap x.u8',
  '-m icmap -m bogus x.u8',
  '-m stats -m icmap x.u8',
  "-m '' x.u8",
  '-m stats x.',
  '-m stats -g x.u8.max',
  '-m stats -g stats.nothing',
  '-m stats -d stats.srp.mcast_retx',
  '-m stats -d nothing',
  '-m stats -D stats.srp.mcast_retx',
  '-m stats -s stats.srp.mcast_retx u8 1',
  '-m stats -s x.new u8 1',
  '-m stats -s stats.clear.bogus u32 1',
  '-m stats -p p.plain',
  '-Cknet',
  '-C totem x.u8',
  '-C schedmiss',
  '-C all',
  '-C bogus',
  '-C',
  '-g -C ipc',
  '-C ipc -g stats.srp.mcast_retx',
  '-C ipc -m icmap -g x.u8.max',
  '-s',
  '-s x.new u8',
  '-s x.new u9 1',
  '-s x.new U8 1',
  "-s x.new '' 1",
  '-s x.new u8 -1',
  '-s x.new u8 -- -1',
  '-s x.new i8 128',
  '-s x.new i8 -- -129',
  '-s x.new u32 4294967296',
  '-s x.new u16 one',
  "-s x.new u8 ''",
  "-s x.new flt ''",
  '-s x.new flt 0x',
  '-s x.new flt infi',
  '-s x.new dbl .',
  '-s x.new bin nowhere',
  '-s x.new bin empty',
  '-s x.new bin .',
  '-s x.new bin too-big',
  '-s x.new str "$(head -c 16385 /dev/zero | tr \'\\0\' x)"',
  '-s ab u8 1',
  "-s '' u8 1",
  "-s 'x y' u8 1",
  "-s $(printf 'k%.0s' {1..256}) u8 1",
  '-s runtime.config.nothing u8 1',
  '-s nodelist.local_node_pos u32 1',
  '-d',
  "-d ''",
  '-d totem.cluster_name x.u8.max',
  '-d system.nothing',
  '-D',
  '-D totem.cluster_name',
  "-D $(printf 'k%.0s' {1..256})",
  '-p .',
  '-p empty',
  '-pempty',
  "-p ''",
  '-p /nonexistent',
  '-p keys/below',
  '-p loop',
  "-p $(printf 'n%.0s' {1..256})",
  '-s x.new bin /nonexistent',
  '-s x.new bin keys/below',
  '-s x.new bin loop',
  "-s x.new bin ''",
  "-s x.new bin $(printf 'n%.0s' {1..256})",
  '-t',
  '-T',
];

/** The same for what takes a process: standard input, arguments that are no text; and for one of each sort. */
const READING_IN_A_PROCESS = [
  '',
  'x.u8 x.i8',
  'nothing nowhere',
  "$'x\\xff'",
  '-g x.str.latin1 x.str.utf8 x.str.spaces x.str.empty x.str.punctuation',
  '-bg x.bin.big',
  '-qg x.bin.all',
  '-g x.u8.max nothing x.i8.max',
  "-g $'caf\\xe9'",
  '-h',
  '-gh x.u8',
  '-x',
  '--',
  "-g x.u8.max -'é'",
  '-m bogus x.u8',
  '-m stats -g stats.srp.mcast_retx',
  '-C ipc',
  '-s x.new',
  '-s x.new u8 256',
  '-s x.new bin -',
  "-s $'x\\xe9y' u8 1",
  '-s totem.cluster_name str x',
  '-d nothing',
  '-D nothing',
  '-p nowhere',
  '-t x.u8.max',
  '-T x.',
  "-T ''",
  "-t ''",
  '-t ab',
  "-t 'x y'",
  "-T 'x y'",
  "-t $(printf 'k%.0s' {1..256})",
  "-T x. $(printf 'k%.0s' {1..256})",
  '-tT x. -q -b',
  '-m stats -T stats.nothing',
  '-m stats -t stats.srp.mcast_retx',
  '-t x.u8.max < all-bytes',
  '-t x.u8.max < p.plain',
];

/** These change the map, which must then look the same. */
const CHANGING = [
  '-s x.new i8 -- -128',
  "-s x.new u8 ' 12 monkeys'",
  '-s x.new u8 0x10',
  '-s x.new u8 010',
  '-s x.new u8 -- -18446744073709551615',
  '-s x.new u64 -- -1',
  '-s x.new u64 99999999999999999999999',
  '-s x.new i64 99999999999999999999999',
  '-s x.new i64 -- -99999999999999999999999',
  '-s x.new i16 +5',
  '-s x.new flt 16777217',
  '-s x.new flt 16777217.0000000000000000000000000000001',
  '-s x.new flt 1e39',
  '-s x.new flt 0x1.8p-1',
  '-s x.new flt 1e',
  '-s x.new flt -- -nan',
  '-s x.new dbl -- -nan',
  '-s x.new dbl -- -0',
  '-s x.new dbl 0x1.fffffffffffffp1023',
  '-s x.new dbl 9007199254740993.00000000000000000000001',
  '-s x.new dbl 1e309',
  '-s x.new dbl INFINITY',
  "-s x.new str ''",
  '-s x.new str "$(head -c 16384 /dev/zero | tr \'\\0\' x)"',
  '-s x.new bin all-bytes',
  '-s x.str.text u8 5',
  '-s x/new:key-_. u8 5',
  '-s totem.token_warning u32 75',
  '-sq x.new u8 5',
  '-m stats -m icmap -s x.new u8 5',
  '-d x.u8.max',
  '-d x.u8.max x.u8.max',
  '-D x.dbl. x.flt.',
  '-D x.dbl.zero',
  '-p p.prefix',
  '-p p.no-newline',
  '-p p.crlf',
  '-p p.crlf-blank',
  '-p p.tabs',
  '-p p.blank-end',
  '-p p.nul',
  '-p p.nul-inside',
  '-p p.1022',
  '-p p.1023',
  '-p p.1024',
  '-p p.split',
  '-p p.long-comment',
  '-p p.delete-missing',
  '-p p.incomplete',
  '-p p.key-only',
  '-p p.type',
  '-p p.read-only',
  '-p p.read-only-prefix',
  '-p p.read-only-delete',
  '-p p.bad-key',
  '-p p.short-key',
  '-p p.long-key',
  '-p p.bin-missing',
  '-p p.bin-empty',
  '-p p.bin-too-big',
  '-p p.retype',
  '-p p.latin1',
];

/** The same for what takes a process, and for one of each sort. */
const CHANGING_IN_A_PROCESS = [
  '-s x.new u8 255 ignored',
  "-s x.new str 'two words'",
  "-s x.new str $'caf\\xe9\\x01\\xff'",
  "-s x.new str $'caf\\xc3\\xa9'",
  '-s x.new bin - < all-bytes',
  "-s x.new bin - < <(printf 'a\\0b')",
  '-s x.new bin big',
  '-d x.u8.max nothing x.i8.max',
  '-D x',
  '-C ipc -m icmap',
  '-p p.plain',
  '-p p.range',
  '-p p.bin < big',
  '-p p.bin-twice < big',
  '-p p.many',
  '-p /dev/stdin < p.plain',
  '-p <(cat p.many p.plain)',
  '-g x.new -p p.plain',
];

describe.each(['shm', 'socket'] as const)('over %s', (ipcType) => {
  describeIntegration('cmapctl beside corosync-cmapctl', () => {
    beforeAll(async () => {
      ours = built('cmapctl-main');
      corosync = await PrivateCorosync.start({ ipcType });
      makeFiles();
      bash = new ShellSession(corosync.directory);
      process.chdir(corosync.directory);
    });

    afterAll(async () => {
      process.chdir(home);
      await bash.stop();
      await corosync.stop();
    });

    describe('reading, and refusing', () => {
      beforeAll(loadKeys);

      test.each(READING)('%s', async (line) => {
        await compare(ourTool, line);
      });

      it('leaves no descriptor open', async () => {
        const lines = [
          '-p empty',
          '-p nowhere',
          '-s x.new bin empty',
          '-g nothing',
          'x.',
          '-m stats stats.srp',
        ];
        const before = openDescriptors().length;
        for (const line of [...lines, ...lines, ...lines]) await ourTool(line);
        await waitUntil('all are closed', () => openDescriptors().length <= before);
      });

      test.each(READING_IN_A_PROCESS)('%s, in a process', async (line) => {
        await compare(ourProcess, line);
      });

      it.each(['-p secret', '-s x.new bin secret'])('without the right to read: %s', async (line) => {
        // Root, whom corosync lets in, but without what lets root read everything.
        const weak = 'setpriv --bounding-set=-dac_override,-dac_read_search';
        const cwd = corosync.directory;
        const theirs = await shell(`exec ${weak} ${THEIRS} ${line}`, { cwd });
        expect(theirs.stderr).toContain('Permission denied');
        const own = await shell(`exec ${weak} ${ours} ${line}`, { cwd });
        expect({ ...essence(own), stderr: own.stderr }).toEqual({
          ...essence(theirs),
          stderr: theirs.stderr,
        });
      });

      it('lists the same statistics', async () => {
        const keysOf = async (tool: string): Promise<string> =>
          (
            await shell(
              `${tool} -m stats | sed 's/ = .*//' | grep -v '^stats\\.\\(ipcs\\.service\\|schedmiss\\)'`,
            )
          ).stdout.toString();
        const theirs = await keysOf(THEIRS);
        expect(theirs).toContain('stats.srp.mcast_retx (u64)');
        expect(await keysOf(ours)).toBe(theirs);
      });

      test.each(['x.u8.max -b', '-g x.u8.max -b -q', 'x.u8.max -- -b'])(
        'POSIXLY_CORRECT: %s',
        async (line) => {
          const theirs = await shell(`POSIXLY_CORRECT= exec ${THEIRS} ${line}`);
          expect(essence(await shell(`POSIXLY_CORRECT= exec ${ours} ${line}`))).toEqual(essence(theirs));
        },
      );

      test.each([
        ['a full disk', 'TOOL > /dev/full; echo $?'],
        ['no output', 'TOOL >&-; echo $?'],
        ['no reader', '{ sleep 0.2; TOOL; } | true; echo ${PIPESTATUS[0]}'],
        ['a reader that leaves', 'TOOL x. x. x. x. x. | head -c 1; echo ${PIPESTATUS[0]}'],
        ['nobody may connect', 'setpriv --reuid=65534 --regid=65534 --clear-groups TOOL; echo $?'],
      ])('%s', async (_name, line) => {
        const outcomes = await Promise.all([THEIRS, ours].map((tool) => shell(line.replace('TOOL', tool))));
        expect(outcomes.map(({ stdout }) => stdout.toString())[1]).toBe(outcomes[0]?.stdout.toString());
        if (line.includes('setpriv')) {
          for (const { stderr } of outcomes)
            expect(stderr).toBe('Failed to initialize the cmap API. Error CS_ERR_ACCESS\n');
        }
      });
    });

    describe('changing', () => {
      /** Everything but what corosync counts and times itself. */
      async function mapAfter(tool: Tool, line: string): Promise<{ outcome: Outcome; map: string }> {
        await loadKeys();
        const outcome = await tool(line);
        const { stdout } = await bash.run(`${THEIRS} -b x totem. stats`);
        return { outcome, map: stdout.toString('latin1') };
      }

      async function compareChange(tool: Tool, line: string): Promise<void> {
        const theirs = await mapAfter(theirTool, line);
        const own = await mapAfter(tool, line);
        expect(own.map).toBe(theirs.map);
        expect(essence(own.outcome), own.outcome.stderr).toEqual(essence(theirs.outcome));
        expect(own.outcome.stderr === '', own.outcome.stderr).toBe(theirs.outcome.stderr === '');
      }

      test.each(CHANGING)('%s', async (line) => {
        await compareChange(ourTool, line);
      });

      test.each(CHANGING_IN_A_PROCESS)('%s, in a process', async (line) => {
        await compareChange(ourProcess, line);
      });
    });

    describe('tracking', () => {
      beforeEach(loadKeys);

      /** Runs a tool with a pipe for its input, makes changes once it tracks, and lets it end. */
      async function track(tool: string, line: string, trackers: number, changes: string): Promise<Outcome> {
        const child = startShell(`exec ${tool} ${line}`, {
          stdio: ['pipe', 'pipe', 'pipe'],
          cwd: corosync.directory,
        });
        const ended = outcomeOf(child);
        await untilAsked(corosync, { child, asksFirst: tool === ours }, trackers);
        await shell(changes, { cwd: corosync.directory });
        // Either tool stops reading at the "q", and may leave unread what a busy machine has held up.
        await waitUntil('corosync has delivered all', async () => {
          const [stats] = await corosync.ipcStats(pidOf(child));
          return stats?.counters.queued === 0;
        });
        await atRest(pidOf(child));
        child.stdin.end('q\n');
        return ended;
      }

      test.each([
        ['-t x.u8.max', 1, `${THEIRS} -s x.u8.max u8 1; ${THEIRS} -d x.u8.max; ${THEIRS} -s x.u8.max str y`],
        [
          '-t x.u8.max x.i8.max',
          2,
          `${THEIRS} -s x.u8.max u8 1; ${THEIRS} -s x.i8.max u8 1; ${THEIRS} -s x.i8.min i8 1`,
        ],
        ['-T x.', 1, `${THEIRS} -p p.plain; ${THEIRS} -p p.retype; ${THEIRS} -D x.`],
        [
          '-bT x.bin',
          1,
          `${THEIRS} -d x.bin.all; ${THEIRS} -s x.bin.all bin all-bytes; ${THEIRS} -s x.bin.big bin all-bytes`,
        ],
        ['-T x.bin', 1, `${THEIRS} -d x.bin.all; ${THEIRS} -s x.bin.all bin all-bytes`],
        ['-qT x.', 1, `${THEIRS} -s x.u8.max u8 1; ${THEIRS} -d x.bin.all; ${THEIRS} -d x.str.latin1`],
        ['-bqT x.', 1, `${THEIRS} -D x.`],
        ["-T ''", 1, `${THEIRS} -s x.u8.max u8 1; ${THEIRS} -s y.new dbl 1e300; ${THEIRS} -d y.new`],
        ['-T x x. x.u8', 3, `${THEIRS} -s x.u8.max u8 1; ${THEIRS} -D x.u`],
        ['-t x.u8.max x.u8.max', 2, `${THEIRS} -s x.u8.max u8 1`],
        ['-t -T x.u8', 1, `${THEIRS} -s x.u8.max u8 1; ${THEIRS} -s x.u8 u8 1`],
        ['-T x.', 1, `${THEIRS} -p p.many`],
      ])('%s', async (line, trackers, changes) => {
        const theirs = await track(THEIRS, line, trackers, changes);
        await loadKeys();
        const own = await track(ours, line, trackers, changes);
        expect(theirs.stdout.toString()).toMatch(/^Type "q" to finish\n/);
        expect(essence(own), own.stderr).toEqual(essence(theirs));
      });

      test('a signal ends it, and nothing stays behind', async () => {
        for (const signal of ['SIGINT', 'SIGTERM'] as const) {
          const codes = await Promise.all(
            [THEIRS, ours].map(async (tool) => {
              const child = startShell(`exec ${tool} -T x.`, { stdio: ['pipe', 'pipe', 'pipe'] });
              const ended = outcomeOf(child);
              await untilAsked(corosync, { child, asksFirst: tool === ours }, 1);
              child.kill(signal);
              return (await ended).code;
            }),
          );
          expect(codes[1]).toBe(codes[0]);
          expect(codes[1]).toBe(signal === 'SIGINT' ? 130 : 143);
        }
        await waitUntil('shared memory is clean', () => corosync.sharedMemoryLeftovers().length === 0);
      });

      test('the same connections come and go in the statistics', async () => {
        const normalized = ({ stdout }: Outcome): string[] => [
          ...new Set(
            stdout
              .toString()
              .replace(/service0\.\d+\.\w+/g, 'service0.PID.PTR')
              .replace(/^(?!.* = \S*corosync)(.*) = .*$/gm, '$1')
              .split('\n')
              .filter((text) => !text.startsWith('modify>'))
              .sort(),
          ),
        ];
        const [theirs, own] = [
          await track(THEIRS, '-m stats -T stats.ipcs.service0', 2, `${THEIRS} x.; sleep 1`),
          await track(ours, '-m stats -T stats.ipcs.service0', 2, `${THEIRS} x.; sleep 1`),
        ];
        expect(normalized(theirs).length).toBeGreaterThan(5);
        expect(normalized(own)).toEqual(normalized(theirs));
      });
    });
  });
});

// Once: what carries its messages is nothing to how it reads its input.
describeIntegration('how cmapctl is told to quit', () => {
  beforeAll(async () => {
    ours = built('cmapctl-main');
    corosync = await PrivateCorosync.start();
  });

  afterAll(async () => {
    await corosync.stop();
  });

  type End = 'quits' | 'stays';

  /** Feeds a tool through a pipe, piece by piece, and tells whether it has quit of itself. */
  async function feed(tool: string, pieces: readonly string[], expected: End): Promise<End> {
    const pipe = join(corosync.directory, tool === ours ? 'our-pipe' : 'their-pipe');
    await shell(`rm -f ${pipe}; mkfifo ${pipe}`);
    const child = startShell(`exec ${tool} -T x. < ${pipe}`);
    const ended = outcomeOf(child);
    const writer = await open(pipe, 'w');
    await untilAsked(corosync, { child, asksFirst: tool === ours }, 1);
    for (const piece of pieces) {
      await atRest(pidOf(child)); // it has read the one before
      // A tool that has quit already does not read on.
      await writer.write(piece).catch(() => undefined);
    }
    await atRest(pidOf(child));
    await writer.close();
    const patienceMs = expected === 'quits' ? 10_000 : 1000;
    const outcome = await Promise.race([
      ended.then(() => 'quits' as const),
      sleep(patienceMs, 'stays' as const, { ref: false }),
    ]);
    child.kill('SIGKILL');
    await ended;
    return outcome;
  }

  test.each([
    [['q\n'], 'quits'],
    [['q'], 'quits'],
    [['quit\n'], 'quits'],
    [[], 'stays'],
    [['x\n'], 'stays'],
    [['abq'], 'stays'],
    [['x\n', 'q\n'], 'quits'],
    [['hello\nq\n'], 'stays'],
    [['hello\nq\n', 'x\n'], 'quits'],
    [['abq\n', 'x'], 'quits'],
    [['a', 'q', 'q\n'], 'quits'],
    [['ab', 'q', '\n'], 'quits'],
    [['\nq\n', '\n'], 'quits'],
    [['aq\n', 'b\n'], 'stays'],
  ] as const)('with %j on a pipe it %s', async (pieces, expected) => {
    expect(await Promise.all([THEIRS, ours].map((tool) => feed(tool, pieces, expected)))).toEqual([
      expected,
      expected,
    ]);
  });
});

describeIntegration('cmapctl without corosync', () => {
  beforeAll(() => {
    ours = built('cmapctl-main');
  });

  test.each(['', '-g x', '-s', '-s x.y u9 1', '-p nowhere', '-t x.y', '-C ipc', '-h', '-x', '-g'])(
    '%s',
    async (line) => {
      const [theirs, own] = await Promise.all([
        shell(`exec ${THEIRS} ${line}`),
        shell(`exec ${ours} ${line}`),
      ]);
      expect(essence(own)).toEqual(essence(theirs));
      expect(own.stderr.replace(/^cmapctl:/, `${THEIRS}:`)).toBe(theirs.stderr);
    },
  );

  test('ends when corosync goes away', async () => {
    const own = await PrivateCorosync.start();
    const outcomes = [THEIRS, ours].map((tool) => {
      const child = startShell(`exec ${tool} -T x.`, { stdio: ['pipe', 'pipe', 'pipe'] });
      return { child, asksFirst: tool === ours, ended: outcomeOf(child) };
    });
    for (const outcome of outcomes) {
      await untilAsked(own, outcome, 1);
    }
    own.kill('SIGKILL');
    const [theirs, mine] = await Promise.all(outcomes.map(({ ended }) => ended));
    await own.stop();
    expect(mine).toEqual(theirs);
  });
});
