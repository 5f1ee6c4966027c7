import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest';
import { built, shell, startShell, type RunningProgram } from '../cli/program.ts';
import { PrivateCorosync } from '../helpers/corosync/private-corosync.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';
import { untilAsked } from '../helpers/integration/integration-requests.ts';
import { waitUntil } from '../helpers/wait-until.ts';

let tool = '';
let corosync: PrivateCorosync;

/** Runs the tool; the arguments are bash syntax. */
async function run(line: string): Promise<{ stdout: string; stderr: string; code: number }> {
  const { stdout, stderr, code } = await shell(line.replaceAll('TOOL', tool), { cwd: corosync.directory });
  return { stdout: stdout.toString('latin1'), stderr, code };
}

/** What corosync-cmapctl sees. */
async function theirs(key: string): Promise<string> {
  return (await shell(`corosync-cmapctl -b -g ${key}`)).stdout.toString('latin1');
}

/** A tracking run that is under way. */
interface Tracking {
  readonly child: RunningProgram;
  /** The next line that it prints. */
  line(): Promise<string>;
  readonly code: Promise<number>;
  readonly stderr: () => string;
}

async function startTracking(line: string): Promise<Tracking> {
  const tracking = start(`track ${line}`);
  await tracks(tracking.child);
  return tracking;
}

function start(line: string): Tracking {
  const child = startShell(`exec ${tool} ${line}`);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const code = once(child, 'close').then(([exitCode]) => exitCode as number);
  return {
    child,
    line: async () => ((await lines.next()) as IteratorResult<string, string>).value,
    code,
    stderr: () => stderr,
  };
}

async function tracks(child: RunningProgram): Promise<void> {
  await untilAsked(corosync, { child, asksFirst: true }, 1);
}

describe.each(['shm', 'socket'] as const)('over %s', (ipcType) => {
  describeIntegration('corosync-client', () => {
    beforeAll(async () => {
      tool = built('main');
      corosync = await PrivateCorosync.start({ ipcType });
    });

    afterAll(async () => {
      await corosync.stop();
    });

    beforeEach(async () => {
      await shell(
        'corosync-cmapctl -D x.; corosync-cmapctl -s x.one u32 1; corosync-cmapctl -s x.text str text',
      );
    });

    describe('data', () => {
      test.each([
        ['i8', '-128'],
        ['uint8', '255'],
        ['i16', '-32768'],
        ['u16', '0xffff'],
        ['int32', '-2147483648'],
        ['u32', '4294967295'],
        ['i64', '-9223372036854775808'],
        ['u64', '18446744073709551615'],
        ['flt', '0.5'],
        ['dbl', '-1e300'],
        ['str', "''"],
        ['str', "$'two words\\n'"],
        ['str', "$'caf\\xe9'"],
        ['bin', '--base64 AAEC/w=='],
      ])('sets %s %s as corosync-cmapctl does', async (type, value) => {
        expect(await run(`TOOL set x.new ${type} ${value}`)).toEqual({ code: 0, stdout: '', stderr: '' });
        const ours = await theirs('x.new');
        const short = type.replace(/^uint/, 'u').replace(/^int/, 'i');
        if (short === 'bin') {
          expect(ours).toBe('x.new (bin) = \\x00\\x01\\x02\\xFFFFFFFF\n');
          return;
        }
        const number = value.startsWith('0x') ? String(Number(value)) : value;
        await shell(`corosync-cmapctl -s x.new ${short} -- ${number}`);
        expect(ours).toBe(await theirs('x.new'));
      });

      it('reads a binary from a file or standard input', async () => {
        const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
        writeFileSync(join(corosync.directory, 'bytes'), bytes);
        for (const source of ['bytes', '- < bytes', '- < <(cat bytes)']) {
          expect((await run(`TOOL delete x.new; TOOL set x.new bin ${source}`)).code).toBe(0);
          expect((await run('TOOL get --raw x.new')).stdout).toBe(bytes.toString('latin1'));
        }
        expect((await run('TOOL set x.new bin nowhere')).code).toBe(1);
      });

      it('gets what is there', async () => {
        expect(await run('TOOL get x.text x.one x.none')).toEqual({
          code: 1,
          stdout: 'text\n1\n',
          stderr: expect.stringMatching(
            /^corosync-client: cannot get x\.none: CS_ERR_NOT_EXIST \(12\): .+\n$/,
          ) as string,
        });
        expect((await run('TOOL get --json x.text totem.cluster_name')).stdout).toBe(
          '{"key":"x.text","type":"string","value":"text"}\n' +
            '{"key":"totem.cluster_name","type":"string","value":"private"}\n',
        );
        expect((await run("TOOL set x.raw str $'caf\\xe9'; TOOL get x.raw")).stdout).toBe('caf\xe9\n');
      });

      it('counts up and down', async () => {
        expect(
          (await run('TOOL inc x.one --by 41; TOOL dec x.one; TOOL dec --by=1 x.one; TOOL inc x.one')).code,
        ).toBe(0);
        expect(await theirs('x.one')).toBe('x.one (u32) = 41\n');
        expect(await run('TOOL inc x.text')).toMatchObject({
          code: 1,
          stderr: expect.stringMatching(
            /^corosync-client: cannot change x.text: CS_ERR_INVALID_PARAM/,
          ) as string,
        });
      });

      it('deletes', async () => {
        expect((await run('TOOL delete x.one x.none x.text')).code).toBe(1);
        expect((await run('TOOL list x.')).code).toBe(1);
      });

      it('lists', async () => {
        expect((await run('TOOL list x.')).stdout).toBe('x.one (u32) = 1\nx.text (str) = text\n');
        expect((await run('TOOL list --json x.one')).stdout).toBe(
          '{"key":"x.one","type":"uint32","value":1}\n',
        );
        const { stdout } = await run('TOOL list | wc -l; corosync-cmapctl | wc -l');
        expect(stdout).toMatch(/^(\d+)\n\1\n$/);
        expect((await run('TOOL --map stats list --json stats.srp.mcast_tx')).stdout).toMatch(
          /^\{"key":"stats\.srp\.mcast_tx","type":"uint64","value":"\d+"\}\n$/,
        );
      });

      it('says what is wrong on one line', async () => {
        for (const [line, code, message] of [
          ['TOOL set x.one u8 300', 2, '300 is out of range for uint8: 0..255'],
          ['TOOL set totem.cluster_name str x', 1, 'cannot set totem.cluster_name: CS_ERR_ACCESS (11'],
          ['TOOL set ab u8 1', 1, 'cannot set ab: CS_ERR_NAME_TOO_LONG (13): '],
          ['TOOL list --buffer-size 5', 2, 'cannot connect: CS_ERR_INVALID_PARAM (7): '],
          ['TOOL list --socket-name nothing', 3, 'cannot connect: CS_ERR_LIBRARY (2'],
          [
            'TOOL --map stats track --prefix x --events add',
            2,
            'cannot track x: CS_ERR_NOT_SUPPORTED (19): ',
          ],
          [
            'setpriv --reuid=65534 --regid=65534 --clear-groups TOOL list',
            3,
            'cannot connect: CS_ERR_ACCESS (11',
          ],
        ] as const) {
          const outcome = await run(line);
          expect(outcome).toMatchObject({ code, stdout: '' });
          expect(outcome.stderr).toMatch(/^[^\n]+\n$/);
          expect(outcome.stderr).toContain(`corosync-client: ${message}`);
        }
      });

      it('takes options for the connection', async () => {
        expect(
          (await run('TOOL list x. --buffer-size 65536 --timeout 5000 --shm-directory /dev/shm')).code,
        ).toBe(0);
        corosync.pause();
        const { code, stderr } = await run('TOOL list --timeout 300');
        corosync.resume();
        expect({ code, stderr }).toMatchObject({
          code: 3,
          stderr: expect.stringContaining('CS_ERR_TIMEOUT') as string,
        });
      });

      it('is cmapctl, too', async () => {
        expect((await run('TOOL cmapctl -qg x.one')).stdout).toBe('1\n');
        expect((await run('TOOL cmapctl -g x.none')).code).toBe(1);
      });

      it('takes the directories from the environment, as cmapctl too', async () => {
        const shm = 'COROSYNC_CLIENT_SHM_DIRECTORY';
        const failed = 'Failed to initialize the cmap API. Error';
        for (const [line, outcome] of [
          [`${shm}=/proc/self/root/dev/shm TOOL cmapctl -qg x.one`, { code: 0, stdout: '1\n', stderr: '' }],
          [`${shm}=/proc/self/root/dev/shm TOOL get x.one`, { code: 0, stdout: '1\n', stderr: '' }],
          [`${shm}=/nowhere TOOL get x.one`, { code: 3 }],
          [`${shm}=/nowhere TOOL cmapctl -qg x.one`, { code: 1, stderr: `${failed} CS_ERR_NOT_EXIST\n` }],
          [
            `${shm}=here TOOL cmapctl -qg x.one`,
            {
              code: 1,
              stderr: `${failed} CS_ERR_INVALID_PARAM (7): ${shm} is "here"; it must be an absolute path\n`,
            },
          ],
          [
            `COROSYNC_CLIENT_SOCKET_DIRECTORY=/nowhere TOOL cmapctl -qg x.one`,
            { code: 1, stderr: `${failed} CS_ERR_NOT_EXIST\n` },
          ],
        ] as const) {
          expect(await run(line), line).toMatchObject(outcome);
        }
      });
    });

    describe('output', () => {
      beforeAll(async () => {
        const big = `big=$(head -c 16384 /dev/zero | tr '\\0' y)`;
        const { code } = await shell(
          `set -e; ${big}; for n in {100..199}; do corosync-cmapctl -s big.$n str "$big"; done`,
        );
        expect(code).toBe(0);
      });

      afterAll(async () => {
        await shell('corosync-cmapctl -D big.');
      });

      it('is complete, also when the reader is slow', async () => {
        for (const line of [
          'TOOL list big.',
          'TOOL list --json big.',
          'TOOL get $(seq -f big.%g 100 199)',
          'TOOL cmapctl big.',
        ]) {
          const { stdout } = await run(`${line} | { sleep 0.5; cat; } | wc -lc`);
          const [lines, bytes] = stdout.trim().split(/\s+/).map(Number);
          expect(lines).toBe(100);
          expect(bytes).toBeGreaterThan(100 * 16384);
        }
      });

      it('may be cut short by its reader', async () => {
        for (const line of [
          'TOOL list big.',
          'TOOL list --json',
          'TOOL get big.100 big.101 big.102',
          'TOOL help',
        ]) {
          expect(await run(`${line} | head -c 1 >/dev/null; echo \${PIPESTATUS[0]}`)).toEqual({
            code: 0,
            stdout: '0\n',
            stderr: '',
          });
          expect(await run(`{ sleep 0.2; ${line}; } | true; echo \${PIPESTATUS[0]}`)).toEqual({
            code: 0,
            stdout: '0\n',
            stderr: '',
          });
        }
      });

      it('tells of a full disk', async () => {
        expect(await run('TOOL list big. > /dev/full')).toEqual({
          code: 1,
          stdout: '',
          stderr: expect.stringMatching(
            /^corosync-client: cannot write to standard output: ENOSPC.*\n$/,
          ) as string,
        });
      });
    });

    describe('track', () => {
      it('prints changes until Ctrl-C or SIGTERM', async () => {
        corosync.markLog();
        for (const signal of ['SIGINT', 'SIGTERM'] as const) {
          const tracking = await startTracking('--prefix x.');
          await shell(
            'corosync-cmapctl -s x.one str y; corosync-cmapctl -d x.one; corosync-cmapctl -s x.one u32 1',
          );
          expect(await tracking.line()).toMatch(
            /^\d{4}-\d\d-\d\dT[\d:.]+Z modify x\.one \(str\) = y, was \(u32\) 1$/,
          );
          expect(await tracking.line()).toMatch(/Z delete x\.one, was \(str\) y$/);
          expect(await tracking.line()).toMatch(/Z add x\.one \(u32\) = 1$/);
          tracking.child.kill(signal);
          expect(await tracking.code).toBe(0);
          expect(tracking.stderr()).toBe('');
        }
        await waitUntil('shared memory is clean', () => corosync.sharedMemoryLeftovers().length === 0);
        expect(corosync.logLines('warning')).toEqual([]);
      });

      it('prints JSON', async () => {
        const tracking = await startTracking('--json x.one x.two --events modify,add');
        await shell(
          'corosync-cmapctl -s x.one u32 2; corosync-cmapctl -d x.one; corosync-cmapctl -s x.two i64 5',
        );
        expect(JSON.parse(await tracking.line())).toEqual({
          event: 'modify',
          key: 'x.one',
          newValue: { type: 'uint32', value: 2 },
          oldValue: { type: 'uint32', value: 1 },
          time: expect.stringMatching(/^\d{4}-/) as string,
        });
        expect(JSON.parse(await tracking.line())).toMatchObject({
          event: 'add',
          key: 'x.two',
          newValue: { type: 'int64', value: '5' },
          oldValue: null,
        });
        tracking.child.kill('SIGINT');
        expect(await tracking.code).toBe(0);
      });

      it('prints no old value where corosync does not tell it: in the stats map', async () => {
        const tracking = start('--map stats track stats.ipcs.global.active --json');
        // The map is chosen, the value's type is looked at, the tracker is added.
        await untilAsked(corosync, { child: tracking.child, asksFirst: false }, 3);
        // More connections. (corosync looks at the number at times, and one may have come while another one went.)
        const others = [await startTracking('x.one'), await startTracking('x.one')];
        expect(JSON.parse(await tracking.line())).toMatchObject({ event: 'modify', oldValue: null });
        for (const { child, code } of [tracking, ...others]) {
          child.kill('SIGTERM');
          expect(await code).toBe(0);
        }
      });

      it('ends when its reader is gone', async () => {
        const ended = run('TOOL track --prefix x. | head -1; echo ${PIPESTATUS[0]}');
        let over = false;
        void ended.then(() => (over = true));
        await waitUntil('it has ended', async () => {
          await shell('corosync-cmapctl -s x.one u32 2; corosync-cmapctl -s x.one u32 3');
          return over;
        });
        const { stdout, stderr } = await ended;
        expect(stdout).toMatch(/^.* x\.one \(u32\) = \d, was \d\n0\n$/);
        expect(stderr).toBe('');
      });

      it('ends at a signal even if its reader never reads', async () => {
        const child = startShell(`exec ${tool} track --prefix x.`);
        await tracks(child);
        const big = `big=$(head -c 16384 /dev/zero | tr '\\0' y)`;
        await shell(
          `${big}; for n in {1..30}; do corosync-cmapctl -s x.big str "$big"; corosync-cmapctl -d x.big; done`,
        );
        await sleep(300);
        child.kill('SIGTERM');
        const [code] = (await once(child, 'exit')) as [number];
        expect(code).toBe(0);
      });

      it('fails when corosync goes away', async () => {
        const tracking = await startTracking('--prefix x.');
        corosync.kill('SIGKILL');
        expect(await tracking.code).toBe(1);
        expect(tracking.stderr()).toMatch(/^corosync-client: .*CS_ERR_LIBRARY \(2\): .*\n$/);
        expect((await run('TOOL list')).code).toBe(3);
        await corosync.stop();
        corosync = await PrivateCorosync.start({ ipcType });
      });
    });

    describe('follow', () => {
      it('prints what is there, every change, and what was missed while corosync was gone', async () => {
        const following = start('follow --prefix x.');
        expect(await following.line()).toMatch(/Z is x\.one \(u32\) = 1$/);
        expect(await following.line()).toMatch(/Z is x\.text \(str\) = text$/);
        await shell('corosync-cmapctl -s x.one u32 2');
        expect(await following.line()).toMatch(/Z modify x\.one \(u32\) = 2, was 1$/);
        await corosync.stop();
        expect(await following.line()).toMatch(/Z lost: corosync is gone/);
        corosync = await PrivateCorosync.start({ ipcType });
        await shell('corosync-cmapctl -s x.one u32 7');
        // It may connect before or after the key is set again; either way it is told in the end.
        const missed = [await following.line()];
        while (!missed.join().includes(' = 7') || !missed.join().includes('resynced'))
          missed.push(await following.line());
        expect(missed.join('\n')).toMatch(/delete x\.text, was \(str\) text \(found by comparing\)/);
        expect(missed.join('\n')).toMatch(/resynced: \d changes found by comparing/);
        following.child.kill('SIGTERM');
        expect(await following.code).toBe(0);
        expect(following.stderr()).toMatch(
          /^corosync-client: connection lost: .*; trying again until it works\n/,
        );
        expect(following.stderr()).toMatch(/corosync-client: connected\n$/);
      });

      it('waits for a corosync that is not there, and prints JSON', async () => {
        await corosync.stop();
        const following = start('follow --json x.one');
        await waitUntil('it has complained', () => following.stderr() !== '');
        expect(following.stderr()).toMatch(
          /^corosync-client: cannot connect: CS_ERR_LIBRARY .* trying again/,
        );
        corosync = await PrivateCorosync.start({ ipcType });
        expect(JSON.parse(await following.line())).toMatchObject({
          event: 'snapshot',
          follows: 'x.one',
          entries: [],
        });
        await shell('corosync-cmapctl -s x.one u32 2');
        expect(JSON.parse(await following.line())).toMatchObject({
          event: 'add',
          key: 'x.one',
          newValue: { type: 'uint32', value: 2 },
          oldValue: null,
          synthetic: false,
        });
        following.child.kill('SIGINT');
        expect(await following.code).toBe(0);
      });

      it('names the key or prefix that a line is for, if there are several', async () => {
        const text = start('follow x.one x.text');
        const json = start('follow --json --prefix x. y.');
        expect([await text.line(), await text.line()].join()).toContain(' is x.text ');
        const follows = async (): Promise<unknown[]> => {
          const lines = [await json.line(), await json.line()];
          return lines.map((line) => (JSON.parse(line) as { follows: unknown }).follows).sort();
        };
        expect(await follows()).toEqual(['x.', 'y.']);
        await corosync.stop();
        expect(await follows()).toEqual(['x.', 'y.']);
        const lost = [await text.line(), await text.line()];
        expect(lost.map((line) => line.slice(line.indexOf(' '), line.indexOf(': '))).sort()).toEqual([
          ' lost x.one',
          ' lost x.text',
        ]);
        for (const { child } of [text, json]) child.kill('SIGTERM');
        expect(await Promise.all([text.code, json.code])).toEqual([0, 0]);
        corosync = await PrivateCorosync.start({ ipcType });
      });

      it('refuses what could crash corosync, and what makes no sense', async () => {
        const covering = await run('TOOL follow --prefix quorum.');
        expect(covering).toMatchObject({ code: 2, stdout: '' });
        expect(covering.stderr).toMatch(/^corosync-client: cannot follow quorum\.: .*corosync crashes/);
        expect((await run('TOOL follow')).code).toBe(2);
        expect((await run('TOOL follow --prefix x. --events changed')).code).toBe(2);
        const child = start('follow --prefix quorum. --cover-crashing-keys');
        await child.line();
        child.child.kill('SIGTERM');
        expect(await child.code).toBe(0);
      });
    });
  });
});
