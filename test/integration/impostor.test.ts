import fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CmapClient } from '../../src/index.ts';
import {
  connectionResponse,
  datagramsIn,
  Impostor,
  IMPOSTOR_UID,
  ringsIn,
} from '../helpers/integration/integration-impostor.ts';
import { errorOf } from '../helpers/integration/integration-outcome.ts';
import { describeOnCorosync, ourRings } from '../helpers/integration/integration-suite.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const SHM = '/dev/shm';
const CS_OK = 1;

describeOnCorosync('an impostor of another user beside corosync', (suite) => {
  let impostor: Impostor;
  let directory: string;

  beforeAll(async () => {
    directory = fs.mkdtempSync('/run/impostor-');
    fs.chownSync(directory, IMPOSTOR_UID, IMPOSTOR_UID);
    impostor = await Impostor.start(join(directory, 'cmap'));
  });
  afterAll(async () => {
    await impostor.stop();
    fs.rmSync(directory, { recursive: true });
  });

  /** Lets the impostor name a connection's directory; a client of root's must not touch what is there. */
  async function refuses(nameOf: () => Promise<string>): Promise<void> {
    const { transport } = suite;
    let name: string | undefined;
    let before: unknown;
    impostor.answer = async () => {
      name = await nameOf();
      before = contentOf(name);
      const path = join(SHM, name);
      return connectionResponse({
        ...(transport === 'socket' ? datagramsIn(path) : ringsIn(path)),
        maxMessageSize: 1024 * 1024,
      });
    };
    const error = await errorOf(CmapClient.connect({ socketDirectory: directory, timeoutMs: 10_000 }));
    expect(error).toMatchObject({ name: 'ConnectionError', code: 'CS_ERR_SECURITY' });
    impostor.hangUp();
    await sleep(1500); // longer than what a dead server leaves would stay
    expect(contentOf(name ?? '')).toEqual(before);
  }

  it('names the files of a client of libcmap: corosync and that client go on', async () => {
    const peer = await suite.peer();
    await peer.setUint32('test.key', 1);
    await refuses(() => Promise.resolve(onlyOf(peer.pid)));
    expect(await peer.setUint32('test.key', 2)).toBe(CS_OK);
    expect(await (await suite.connect()).getUint32('test.key')).toBe(2);
  });

  it('names the files of a client of libcmap that has come since we asked', async () => {
    let peer: Awaited<ReturnType<typeof suite.peer>> | undefined;
    await refuses(async () => {
      peer = await suite.peer();
      return onlyOf(peer.pid);
    });
    expect(await peer?.setUint32('test.key', 3)).toBe(CS_OK);
  });

  it('names the files of another connection of this process, old or new', async () => {
    const client = await suite.connect();
    await refuses(() => Promise.resolve(onlyOf(process.pid)));
    await client.close();
    await waitUntil('its files are gone', () => ourRings().length === 0);
    let later: CmapClient | undefined;
    await refuses(async () => {
      later = await suite.connect();
      return onlyOf(process.pid);
    });
    await later?.setUint32('test.key', 4);
    expect(await later?.getUint32('test.key')).toBe(4);
  });

  it('names the files that a killed corosync has left', async () => {
    const peer = await suite.peer();
    process.kill(peer.pid, 'SIGSTOP');
    suite.corosync.kill('SIGKILL');
    await suite.corosync.exited();
    const name = onlyOf(peer.pid);
    await refuses(() => Promise.resolve(name));
    process.kill(peer.pid, 'SIGKILL');
    fs.rmSync(join(SHM, name), { recursive: true });
    await suite.restart();
  });
});

/** The directory of the one connection of a process. */
function onlyOf(pid: number): string {
  const [name, ...others] = ourRings(pid);
  if (name === undefined || others.length > 0) throw new Error(`not one connection of ${pid}`);
  return name;
}

function contentOf(name: string): unknown {
  const path = join(SHM, name);
  return fs
    .readdirSync(path)
    .sort()
    .map((file) => [file, fs.readFileSync(join(path, file)).toString('base64')]);
}
