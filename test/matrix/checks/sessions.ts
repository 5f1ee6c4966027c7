import assert from 'node:assert/strict';
import {
  CmapClient,
  CmapSession,
  ConnectionError,
  type CmapValue,
  type CmapFollowEvent,
} from 'corosync-client';
import { waitUntil } from '../../helpers/wait-until.ts';
import { codeOf, type Cell, type Check } from '../cell.ts';

/** What a listener makes of a follower's events. */
class Picture {
  readonly values = new Map<string, unknown>();
  readonly kinds: string[] = [];

  readonly listen = (event: CmapFollowEvent): void => {
    if (event.kind !== 'notification') this.kinds.push(event.kind);
    if (event.kind === 'snapshot') for (const { key, value } of event.entries) this.#put(key, value);
    if (event.kind !== 'notification') return;
    assert.equal(event.oldValue?.value, this.values.get(event.key), `${event.change} of ${event.key}`);
    this.#put(event.key, event.newValue);
  };

  #put(key: string, value: CmapValue | undefined): void {
    if (value === undefined) this.values.delete(key);
    else this.values.set(key, value.value);
  }
}

const PREFIX = 'matrix.follow.';

async function fill(client: CmapClient | CmapSession, values: Record<string, number>): Promise<void> {
  await Promise.all(
    Object.entries(values).map(([name, value]) => client.setUint32(`${PREFIX}${name}`, value)),
  );
}

async function shows(picture: Picture, values: Record<string, number>): Promise<void> {
  const wanted = new Map(Object.entries(values).map(([name, value]) => [`${PREFIX}${name}`, value]));
  const text = (map: ReadonlyMap<string, unknown>): string => JSON.stringify([...map].sort());
  await waitUntil(`the picture is ${text(wanted)}`, () => text(picture.values) === text(wanted));
}

/** corosync goes as the signal makes it go, and another one comes, with another map. */
async function survive(cell: Cell, signal: NodeJS.Signals): Promise<void> {
  await using session = CmapSession.open({ backOff: { firstDelayMs: 20, maxDelayMs: 200 } });
  const picture = new Picture();
  session.follow(PREFIX, { prefix: true, listener: picture.listen });
  await session.ready();
  await fill(session, { same: 1, changed: 2, gone: 3 });
  await shows(picture, { same: 1, changed: 2, gone: 3 });

  cell.kill(signal);
  await cell.corosync.exited();
  await waitUntil('the session notices', () => session.status.state !== 'resynced');
  await cell.stop();
  await cell.start();
  await using writer = await CmapClient.connect();
  await fill(writer, { same: 1, changed: 20, added: 4 });
  await session.ready();
  await shows(picture, { same: 1, changed: 20, added: 4 });
  assert.deepEqual(picture.kinds, ['snapshot', 'lost', 'resynced']);

  await session.delete(`${PREFIX}added`);
  await session.delete(`${PREFIX}changed`);
  await session.increment(`${PREFIX}same`);
  await shows(picture, { same: 2 });
  await session.delete(`${PREFIX}same`);
}

export const sessions: readonly Check[] = [
  { name: 'a session survives SIGTERM of corosync', run: (cell) => survive(cell, 'SIGTERM') },
  { name: 'a session survives SIGKILL of corosync', run: (cell) => survive(cell, 'SIGKILL') },
  {
    name: 'a connection fails fast when corosync is killed',
    async run(cell) {
      const client = await cell.connect();
      const tracker = await client.track('matrix.', { prefix: true });
      const events = tracker[Symbol.asyncIterator]().next();
      cell.kill('SIGSTOP');
      const calls = [1, 2, 3].map(() => codeOf(client.get('totem.version')));
      cell.kill('SIGKILL');
      assert.deepEqual(await Promise.all(calls), Array(3).fill('CS_ERR_LIBRARY'));
      await assert.rejects(events, ConnectionError);
      assert.equal(await codeOf(client.get('totem.version')), 'CS_ERR_BAD_HANDLE');
      await cell.corosync.exited();
      await waitUntil('its rings are removed', () => ownRings(cell).length === 0);
      await cell.stop();
      await cell.start();
    },
  },
];

/** libqb names a connection's directory after the server's and the client's pid. */
function ownRings(cell: Cell): string[] {
  const ours = new RegExp(`^qb-\\d+-${process.pid}-`);
  return cell.corosync.sharedMemoryLeftovers().filter((name) => ours.test(name));
}
