import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi, type MockInstance } from 'vitest';
import { CmapClient, type CsErrorName } from '../../src/index.ts';
import {
  connectionResponse,
  datagramsIn,
  Impostor,
  IMPOSTOR_UID,
  ringsIn,
  type Answer,
} from '../helpers/integration/integration-impostor.ts';
import { errorOf } from '../helpers/integration/integration-outcome.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';

const OPTIONS = { tryAgainAttempts: 1, tryAgainDelayMs: 10, timeoutMs: 10_000 };
const SHM = '/dev/shm';
/** Made for us, by a server that lives. */
const NAME = `qb-${process.ppid}-${process.pid}-17-Ab3dE9`;
const RING = `${SHM}/${NAME}`;
const HEADER_SIZE = 8252;
const RING_BYTES = 69632;
const CHANNELS = ['request', 'response', 'event'] as const;

const HONEST = ringsIn(RING);

function ringHeader(path: string, dataPath = `${path}-data`, wordSize = RING_BYTES / 4): Buffer {
  const header = Buffer.alloc(HEADER_SIZE);
  header.writeUInt32LE(wordSize, 8);
  header.write(`${path}-header`, 12);
  header.write(dataPath, 4108);
  header.writeInt32LE(1, 8204);
  return header;
}

/** What corosync would have made for us: a directory and six files of root's. */
function makeRings(directory = RING): void {
  fs.mkdirSync(directory, { mode: 0o700 });
  for (const channel of CHANNELS) {
    const path = `${directory}/qb-${channel}-cmap`;
    fs.writeFileSync(`${path}-header`, ringHeader(`${RING}/qb-${channel}-cmap`), { mode: 0o600 });
    fs.writeFileSync(`${path}-data`, Buffer.alloc(RING_BYTES), { mode: 0o600 });
  }
}

const SOCKETS = datagramsIn(RING);

const CONTROL_FILE = `${RING}/qb-control-cmap`;

/** What corosync would have made for us: a directory and the file of counters, root's. */
function makeControl(directory = RING): void {
  fs.mkdirSync(directory, { mode: 0o700 });
  fs.writeFileSync(`${directory}/qb-control-cmap`, Buffer.alloc(24), { mode: 0o600 });
}

const HEADER = `${RING}/qb-request-cmap-header`;
const DATA = `${RING}/qb-request-cmap-data`;
const RING_FILES = CHANNELS.flatMap((channel) =>
  ['header', 'data'].map((part) => `${RING}/qb-${channel}-cmap-${part}`),
);
const BAIT = `${SHM}/bait`;
const nothing = (): void => undefined;

describeIntegration('an impostor on corosync’s socket', () => {
  let impostor: Impostor;
  /** What our client opened at the last attempt. */
  let opened: string[];

  beforeAll(async () => {
    impostor = await Impostor.start();
  });
  afterAll(() => impostor.stop());

  beforeEach(() => {
    fs.writeFileSync(BAIT, Buffer.alloc(RING_BYTES, 'precious'), { mode: 0o600 });
  });
  afterEach(() => {
    for (const name of fs.readdirSync(SHM)) fs.rmSync(join(SHM, name), { recursive: true });
  });

  /**
   * Connects to the impostor, which must fail, and must leave every file as it was.
   * @param set makes the files, after the client has asked
   */
  async function refuses(
    set: () => void,
    answer: Uint8Array | undefined,
    code: CsErrorName,
    options = {},
  ): Promise<string> {
    let before: string[] | undefined;
    let opening: MockInstance<typeof fs.openSync> | undefined;
    impostor.answer = () => {
      if (before === undefined) set();
      before ??= checksums();
      opening ??= vi.spyOn(fs, 'openSync');
      return answer;
    };
    const error = await errorOf(CmapClient.connect({ ...OPTIONS, ...options }));
    // To see the time, a file without a name is made in the directory.
    opened = (opening?.mock.calls ?? []).map(([path]) => String(path)).filter((path) => path !== SHM);
    opening?.mockRestore();
    expect(error).toMatchObject({ code });
    expect(checksums()).toEqual(before);
    expect(openDescriptors()).toEqual([]);
    return error.message;
  }

  const strangePaths: readonly (readonly [string, Answer])[] = [
    ['no paths', { request: '', response: '', event: '' }],
    ['a file of the system', { ...HONEST, request: '/etc/shadow' }],
    ['a file beside the rings', { ...HONEST, request: BAIT }],
    ['another directory', ringsIn(`/run/${NAME}`)],
    ['another directory that ends alike', ringsIn(`/tmp${RING}`)],
    ['a relative path', ringsIn(`dev/shm/${NAME}`)],
    ['a way out of the directory', ringsIn(`${RING}/..`)],
    ['a way out and back in', ringsIn(`${RING}/../${NAME}`)],
    ['a way out in the name', ringsIn(`${SHM}/qb-1-2-3-../../e`)],
    ['two slashes', ringsIn(`${SHM}//${NAME}`)],
    ['a directory below', ringsIn(`${RING}/${NAME}`)],
    ['a name that is too long', ringsIn(`${RING}x`)],
    ['a name that is too short', ringsIn(RING.slice(0, -1))],
    ['a name without numbers', ringsIn(`${SHM}/qb-a-b-c-Ab3dE9`)],
    ['a newline', ringsIn(`${RING}\n`)],
    ['another service', { ...HONEST, event: `${RING}/qb-event-cpg` }],
    ['another channel', { ...HONEST, event: `${RING}/qb-request-cmap` }],
    ['two directories', { ...HONEST, event: `${SHM}/qb-4242-4343-18-Ab3dE9/qb-event-cmap` }],
    ['a suffix', { ...HONEST, response: `${RING}/qb-response-cmap-header` }],
  ];
  it.each(strangePaths)('that names %s: nothing is opened', async (_what, answer) => {
    const message = await refuses(makeRings, connectionResponse(answer), 'CS_ERR_SECURITY');
    expect(opened).toEqual([]);
    expect(message).toContain('not corosync');
  });

  it('that names a good path where nothing is', async () => {
    await refuses(nothing, connectionResponse(HONEST), 'CS_ERR_NOT_EXIST');
    expect(opened).toEqual([RING]);
  });

  const traps: Readonly<Record<string, readonly [set: () => void, opened: readonly string[]]>> = {
    'a link to a directory of ours': [
      () => {
        makeRings(`${SHM}/real`);
        fs.symlinkSync(`${SHM}/real`, RING);
      },
      [RING],
    ],
    'a directory of its own': [
      () => {
        makeRings();
        fs.chownSync(RING, IMPOSTOR_UID, IMPOSTOR_UID);
      },
      [RING],
    ],
    'a directory that anybody may write to': [
      () => {
        makeRings();
        fs.chmodSync(RING, 0o1777);
      },
      [RING],
    ],
    'a file instead of a directory': [() => fs.writeFileSync(RING, 'file'), [RING]],
    'a header that is a link to a file of ours': [
      () => {
        makeRings();
        fs.rmSync(HEADER);
        fs.symlinkSync(BAIT, HEADER);
      },
      [RING, HEADER],
    ],
    'a header that is another name of a file of ours': [
      () => {
        makeRings();
        fs.rmSync(HEADER);
        fs.linkSync(BAIT, HEADER);
      },
      [RING, HEADER],
    ],
    'a header of its own': [
      () => {
        makeRings();
        fs.chownSync(HEADER, IMPOSTOR_UID, 0);
      },
      [RING, HEADER],
    ],
    'a header that others may read': [
      () => {
        makeRings();
        fs.chmodSync(HEADER, 0o640);
      },
      [RING, HEADER],
    ],
    'a header that is a pipe': [
      () => {
        makeRings();
        fs.rmSync(HEADER);
        execFileSync('mkfifo', ['-m', '600', HEADER]);
      },
      [RING, HEADER],
    ],
    'a header that is a device': [
      () => {
        makeRings();
        fs.rmSync(HEADER);
        execFileSync('mknod', ['-m', '600', HEADER, 'c', '1', '3']);
      },
      [RING, HEADER],
    ],
    'a data file that is a link': [
      () => {
        makeRings();
        fs.rmSync(DATA);
        fs.symlinkSync(BAIT, DATA);
      },
      [RING, HEADER, DATA],
    ],
    'a data file of its own': [
      () => {
        makeRings();
        fs.chownSync(DATA, IMPOSTOR_UID, IMPOSTOR_UID);
      },
      [RING, HEADER, DATA],
    ],
    'a header that names another data file': [
      () => {
        makeRings();
        fs.writeFileSync(HEADER, ringHeader(HONEST.request, BAIT));
      },
      [RING, HEADER],
    ],
    'a header that was made for another ring': [
      () => {
        makeRings();
        fs.writeFileSync(HEADER, ringHeader(HONEST.event, `${HONEST.request}-data`));
      },
      [RING, HEADER],
    ],
    'a directory that was there before': [
      () => {
        makeRings();
        fs.utimesSync(RING, 0, 0);
      },
      [RING],
    ],
    'a header that was there before': [
      () => {
        makeRings();
        fs.utimesSync(HEADER, 0, 0);
      },
      [RING, HEADER],
    ],
    'a data file that was there before': [
      () => {
        makeRings();
        fs.utimesSync(DATA, 0, 0);
      },
      [RING, HEADER, DATA],
    ],
    'rings that another client has opened': [
      () => {
        makeRings();
        const header = ringHeader(HONEST.event);
        header.writeInt32LE(2, 8204);
        fs.writeFileSync(`${HONEST.event}-header`, header);
      },
      [RING, ...RING_FILES],
    ],
    'rings that another client has written to': [
      () => {
        makeRings();
        fs.writeFileSync(DATA, Buffer.alloc(RING_BYTES, 0xa1));
      },
      [RING, ...RING_FILES],
    ],
    'a header that is too short': [
      () => {
        makeRings();
        fs.truncateSync(HEADER, 8243); // one byte less than is read of it
      },
      [RING, HEADER],
    ],
    'a data file that is too short': [
      () => {
        makeRings();
        fs.truncateSync(DATA, RING_BYTES - 1);
      },
      [RING, HEADER, DATA],
    ],
    'a ring that is smaller than it says': [
      () => {
        makeRings();
        fs.writeFileSync(HEADER, ringHeader(HONEST.request, undefined, 1024));
      },
      [RING, HEADER],
    ],
    'a ring that is larger than any': [
      () => {
        makeRings();
        fs.writeFileSync(HEADER, ringHeader(HONEST.request, undefined, 0xffffffff));
      },
      [RING, HEADER],
    ],
  };
  it.each(Object.entries(traps))('that has laid %s: nothing is written', async (_what, [set, expected]) => {
    await refuses(set, connectionResponse(HONEST), 'CS_ERR_SECURITY');
    expect(opened).toEqual(expected);
  });

  it.each<[string, Partial<Answer>]>([
    ['no names', { request: '', response: '' }],
    ['a file of the system for its counters', { request: '/etc/shadow' }],
    ['a file beside the directory for its counters', { request: BAIT }],
    ['the counters of another service', { request: `${RING}/qb-control-cpg` }],
    ['a ring for its counters', { request: `${RING}/qb-request-cmap-header` }],
    ['sockets of another service', { response: `${RING}/qb-cpg` }],
    ['sockets elsewhere', { response: `/tmp/${NAME}/qb-cmap` }],
    ['sockets in the file system', { response: 'qb-cmap-4242-4343-17' }],
    ['an event path', { event: `${RING}/qb-event-cmap` }],
  ])('with datagram sockets that names %s: nothing is opened', async (_what, names) => {
    const message = await refuses(
      makeControl,
      connectionResponse({ ...SOCKETS, ...names }),
      'CS_ERR_SECURITY',
    );
    expect(opened).toEqual([]);
    expect(message).toContain('not corosync');
  });

  const controlTraps: Readonly<Record<string, readonly [set: () => void, opened: readonly string[]]>> = {
    'a link to a directory of ours': [
      () => {
        makeControl(`${SHM}/real`);
        fs.symlinkSync(`${SHM}/real`, RING);
      },
      [RING],
    ],
    'counters that are a link to a file of ours': [
      () => {
        fs.mkdirSync(RING, { mode: 0o700 });
        fs.symlinkSync(BAIT, CONTROL_FILE);
      },
      [RING, CONTROL_FILE],
    ],
    'counters that are another name of a file of ours': [
      () => {
        fs.mkdirSync(RING, { mode: 0o700 });
        fs.linkSync(BAIT, CONTROL_FILE);
      },
      [RING, CONTROL_FILE],
    ],
    'counters of its own': [
      () => {
        makeControl();
        fs.chownSync(CONTROL_FILE, IMPOSTOR_UID, 0);
      },
      [RING, CONTROL_FILE],
    ],
    'counters that others may write': [
      () => {
        makeControl();
        fs.chmodSync(CONTROL_FILE, 0o660);
      },
      [RING, CONTROL_FILE],
    ],
    'a pipe for its counters': [
      () => {
        fs.mkdirSync(RING, { mode: 0o700 });
        execFileSync('mkfifo', ['-m', '600', CONTROL_FILE]);
      },
      [RING, CONTROL_FILE],
    ],
    'counters that were there before': [
      () => {
        makeControl();
        fs.utimesSync(CONTROL_FILE, 0, 0);
      },
      [RING, CONTROL_FILE],
    ],
    'counters that have been used': [
      () => {
        makeControl();
        fs.writeFileSync(CONTROL_FILE, Buffer.alloc(24, 1));
      },
      [RING, CONTROL_FILE],
    ],
    'too few counters': [
      () => {
        makeControl();
        fs.truncateSync(CONTROL_FILE, 23);
      },
      [RING, CONTROL_FILE],
    ],
  };
  it.each(Object.entries(controlTraps))(
    'with datagram sockets that has laid %s: nothing is written, and no socket bound',
    async (_what, [set, expected]) => {
      await refuses(set, connectionResponse(SOCKETS), 'CS_ERR_SECURITY');
      expect(opened).toEqual(expected);
      expect(fs.readFileSync('/proc/net/unix', 'utf8')).not.toContain(NAME);
    },
  );

  it('with datagram sockets, good names and nobody behind them: the deadline ends it, or the first request', async () => {
    impostor.answer = () => {
      makeControl();
      return connectionResponse(SOCKETS);
    };
    const error = await errorOf(CmapClient.connect({ ...OPTIONS, timeoutMs: 5000 }));
    expect(error).toMatchObject({ name: 'ConnectionError', code: 'CS_ERR_LIBRARY' });
    expect(openDescriptors()).toEqual([]);
  });

  const nonsense: Readonly<Record<string, readonly [Uint8Array | undefined, CsErrorName]>> = {
    nothing: [undefined, 'CS_ERR_LIBRARY'],
    'too much': [Buffer.concat([connectionResponse(HONEST), Buffer.alloc(20_000)]), 'CS_ERR_SECURITY'],
    'another id': [connectionResponse({ ...HONEST, id: 4 }), 'CS_ERR_SECURITY'],
    'a positive error': [connectionResponse({ ...HONEST, error: 13 }), 'CS_ERR_SECURITY'],
    'an error that nobody knows': [connectionResponse({ ...HONEST, error: -3333 }), 'CS_ERR_LIBRARY'],
    EACCES: [connectionResponse({ ...HONEST, error: -13 }), 'CS_ERR_ACCESS'],
    'EAGAIN, again and again': [connectionResponse({ ...HONEST, error: -11 }), 'CS_ERR_TRY_AGAIN'],
    'an unknown transport': [connectionResponse({ ...HONEST, connectionType: 7 }), 'CS_ERR_SECURITY'],
    'a path without an end': [connectionResponse(HONEST).fill('x', 40, 40 + 4096), 'CS_ERR_SECURITY'],
    'a message size that its rings do not hold': [
      connectionResponse({ ...HONEST, maxMessageSize: 0xffffffff }),
      'CS_ERR_SECURITY',
    ],
    noise: [Buffer.alloc(12328, 0xa5), 'CS_ERR_SECURITY'],
  };
  it.each(Object.entries(nonsense))('that says %s', async (_what, [answer, code]) => {
    await refuses(makeRings, answer, code);
  });

  it('that says half of it and then nothing: the deadline ends it', async () => {
    const half = connectionResponse(HONEST).subarray(0, 6000);
    await refuses(makeRings, half, 'CS_ERR_TIMEOUT', { timeoutMs: 2000 });
    expect(opened).toEqual([]);
  });
});

/** Content, kind, owner and times of everything in shared memory. */
function checksums(): string[] {
  return (fs.readdirSync(SHM, { recursive: true }) as string[]).sort().map((name) => {
    const path = join(SHM, name);
    const { mode, uid, size, mtimeMs, ctimeMs } = fs.lstatSync(path);
    const isFile = (mode & fs.constants.S_IFMT) === fs.constants.S_IFREG;
    const content = isFile ? createHash('sha256').update(fs.readFileSync(path)).digest('hex') : '';
    return [name, mode, uid, size, mtimeMs, ctimeMs, content].join(' ');
  });
}

/** A file in which this copy of the library tells others of itself: it is closed a moment after an attempt to connect. */
const isUnnamed = (target: string): boolean => target.startsWith(`${SHM}/#`);

function openDescriptors(): string[] {
  return fs.readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [fs.readlinkSync(`/proc/self/fd/${fd}`)].filter(
        (target) => target.startsWith(`${SHM}/`) && !isUnnamed(target),
      );
    } catch {
      return [];
    }
  });
}
