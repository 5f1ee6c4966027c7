import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadNodeUnixSocket } from '../../../src/ipc/datagram/node-unix-socket.ts';
import { loadDatagramBackend } from '../../../src/ipc/datagram/datagram-packages.ts';
import type { DatagramBackend } from '../../../src/ipc/datagram/datagram-socket.ts';
import { loadUnixDgram } from '../../../src/ipc/datagram/unix-dgram-socket.ts';
import { describeOnDatagrams } from '../../helpers/datagram-backends.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const SOON = { everyMs: 1 };

const listener = () => ({
  onDatagram: vi.fn<(bytes: Buffer) => void>(),
  onError: vi.fn<(error: Error) => void>(),
});

describeOnDatagrams('a datagram socket', (namespace) => {
  let directory: string;
  let backend: DatagramBackend;

  beforeEach(async () => {
    directory = fs.mkdtempSync(join(tmpdir(), 'datagram-'));
    backend = await (namespace === 'file' ? loadUnixDgram() : loadNodeUnixSocket('abstract'));
  });
  afterEach(() => fs.rmSync(directory, { recursive: true }));

  it('sends and receives, in order', async () => {
    const heard = listener();
    const receiver = backend.bind(join(directory, 'a'), heard);
    const sender = backend.bind(join(directory, 'b'), listener());
    const sent = [Buffer.from('one'), Buffer.alloc(65_535, 2), Buffer.alloc(0), Buffer.from('three')];
    for (const bytes of sent) sender.send(bytes, join(directory, 'a'));
    await waitUntil('all have come', () => heard.onDatagram.mock.calls.length === sent.length, SOON);
    expect(heard.onDatagram.mock.calls.map(([bytes]) => bytes)).toEqual(sent);
    expect(sender.sendBufferSize).toBeGreaterThanOrEqual(65_536);
    for (const socket of [receiver, sender]) socket.close();
  });

  it('has no name in the other namespace', () => {
    const socket = backend.bind(join(directory, 'a'), listener());
    expect(fs.existsSync(join(directory, 'a'))).toBe(namespace === 'file');
    socket.close();
  });

  it('does not take a name that is taken: EADDRINUSE', () => {
    const first = backend.bind(join(directory, 'a'), listener());
    expect(() => backend.bind(join(directory, 'a'), listener())).toThrow(
      expect.objectContaining({ code: 'EADDRINUSE' }),
    );
    first.close();
  });

  it('says that nobody is there: ECONNREFUSED, or ENOENT of a file', () => {
    const socket = backend.bind(join(directory, 'a'), listener());
    expect(() => socket.send(Buffer.alloc(1), join(directory, 'nobody'))).toThrow(
      expect.objectContaining({ code: namespace === 'file' ? 'ENOENT' : 'ECONNREFUSED' }),
    );
    socket.close();
  });

  it('says that there is no room, rather than keep the datagram', () => {
    const [heard, sender] = [listener(), backend.bind(join(directory, 'b'), listener())];
    const receiver = backend.bind(join(directory, 'a'), heard);
    expect(() => {
      for (let i = 0; i < 2000; i++) sender.send(Buffer.alloc(1), join(directory, 'a'));
    }).toThrow();
    for (const socket of [receiver, sender]) socket.close();
  });

  it('is silent once it is closed, and can be closed again', async () => {
    const heard = listener();
    const receiver = backend.bind(join(directory, 'a'), heard);
    const sender = backend.bind(join(directory, 'b'), listener());
    sender.send(Buffer.alloc(1), join(directory, 'a'));
    receiver.close();
    receiver.close();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(heard.onDatagram).not.toHaveBeenCalled();
    expect(heard.onError).not.toHaveBeenCalled();
    sender.close();
  });
});

describe('the package for datagram sockets', () => {
  const broken = (name: string): { name: string; load: () => Promise<DatagramBackend> } => ({
    name,
    load: () =>
      Promise.reject(Object.assign(new Error(`cannot find ${name}`), { code: 'ERR_MODULE_NOT_FOUND' })),
  });
  const works: DatagramBackend = {
    bind: () => {
      throw new Error('not asked to bind');
    },
  };

  it('is node-unix-socket for abstract names', async () => {
    const name = `datagram-test-${process.pid}`;
    (await loadDatagramBackend('abstract')).bind(name, listener()).close();
  });

  it('is the first one that loads', async () => {
    const candidates = [broken('first'), { name: 'second', load: () => Promise.resolve(works) }];
    expect(await loadDatagramBackend('file', candidates)).toBe(works);
  });

  it('is named by the error if it is not installed', async () => {
    const loading = loadDatagramBackend('abstract', [broken('some-package')]);
    await expect(loading).rejects.toMatchObject({
      name: 'ConnectionError',
      code: 'CS_ERR_NOT_SUPPORTED',
      message: expect.stringMatching(
        /npm install some-package.*\(shared memory is the default\)$/,
      ) as unknown,
      cause: { message: 'cannot find some-package' },
    });
    await expect(loadDatagramBackend('file', [broken('one'), broken('other')])).rejects.toMatchObject({
      message: expect.stringContaining('npm install one or npm install other') as unknown,
      cause: { errors: [{ message: 'cannot find one' }, { message: 'cannot find other' }] },
    });
  });

  it('that is installed, but does not load, is told apart', async () => {
    const unusable = { name: 'one', load: () => Promise.reject(new Error('undefined symbol')) };
    await expect(loadDatagramBackend('file', [unusable, broken('other')])).rejects.toMatchObject({
      code: 'CS_ERR_NOT_SUPPORTED',
      message: expect.stringMatching(/what is installed does not run here: undefined symbol$/) as unknown,
    });
  });
});
