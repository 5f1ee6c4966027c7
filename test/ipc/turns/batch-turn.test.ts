import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { BatchTurn } from '../../../src/ipc/turns/batch-turn.ts';
import { TurnGate } from '../../../src/ipc/turns/turn-gate.ts';
import { gone } from '../../helpers/corosync/gone.ts';
import { FakeRequest, numberOf } from '../../helpers/fake/fake-request.ts';
import { answerWhenTold, MemoryConnection } from '../../helpers/memory/memory-connection.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const SOON = { everyMs: 1 };

const get = (number: number): FakeRequest => new FakeRequest(number);
const change = (number: number): FakeRequest => new FakeRequest(number, { turn: 'change', changes: true });
const next = (number: number, rests = 1n): FakeRequest => new FakeRequest(number, { turn: 'list', rests });
const finalize = (number: number, ends = 1n): FakeRequest => new FakeRequest(number, { turn: 'list', ends });

/** Connections to one corosync, which answers when it is told to. */
class Corosync {
  readonly #gate = new TurnGate({
    acquire: () => true,
    release: () => undefined,
    isWanted: () => false,
    hindrance: () => undefined,
  });
  /** Connections that it has not let go of, by what to call when it does. */
  readonly lettingGo: (() => void)[] = [];
  /** Connections that are closed and have no turn. */
  ended = 0;

  connect(): MemoryConnection {
    const batchTurn = new BatchTurn(
      this.#gate,
      (letGo) => this.lettingGo.push(letGo),
      () => (this.ended += 1),
    );
    return new MemoryConnection({ onBytes: answerWhenTold, turn: batchTurn });
  }
}

const sent = ({ server }: MemoryConnection): number => server.writes.reduce((sum, count) => sum + count, 0);

async function turns(count = 3): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

async function answer(connection: MemoryConnection, count: number): Promise<number[]> {
  await waitUntil(`${count} requests are sent`, () => sent(connection) >= count, SOON);
  connection.server.runDry();
  return connection.server.requests.map(numberOf);
}

describe('BatchTurn', () => {
  let corosync: Corosync;
  let [lister, writer]: MemoryConnection[] = [];
  const connections = (): [MemoryConnection, MemoryConnection] => {
    if (lister === undefined || writer === undefined) throw new Error('not connected');
    return [lister, writer];
  };
  /** The first connection makes a change that is not answered; the others have asked for nothing. */
  async function changeUnderWay(): Promise<{
    one: MemoryConnection;
    other: MemoryConnection;
    third: MemoryConnection;
    changing: Promise<unknown>;
  }> {
    const [one, other] = connections();
    const third = corosync.connect();
    const changing = one.submit(change(1));
    await turns();
    return { one, other, third, changing };
  }
  beforeEach(async () => {
    await turn();
    corosync = new Corosync();
    lister = corosync.connect();
    writer = corosync.connect();
  });

  it.each([
    ['a list', next(1), change(2)],
    ['a change', change(1), next(2)],
  ])('%s keeps the other kind out until it is answered, on any connection', async (_what, first, second) => {
    const [one, other] = connections();
    const early = one.submit(first);
    const late = other.submit(second);
    await turns();
    expect([sent(one), sent(other)]).toEqual([1, 0]);
    await answer(one, 1);
    expect(await early).toBe(1);
    if (first.rests !== undefined) {
      await turns();
      expect(sent(other)).toBe(0);
      const end = one.submit(finalize(3));
      await answer(one, 2);
      await end;
    }
    await answer(other, 1);
    expect(await late).toBe(2);
  });

  it('changes of several connections are under way together', async () => {
    const [one, other] = connections();
    const changes = [one.submit(change(1)), other.submit(change(2))];
    await turns();
    expect([sent(one), sent(other)]).toEqual([1, 1]);
    await Promise.all([answer(one, 1), answer(other, 1)]);
    expect(await Promise.all(changes)).toEqual([1, 2]);
  });

  it('what neither lists nor changes never waits, unless it comes behind what does', async () => {
    const [one, other] = connections();
    const list = one.submit(next(1));
    await turns();
    const calls = [get(1), get(2), change(3), get(4)].map((request) => other.submit(request));
    expect(await answer(other, 2)).toEqual([1, 2]);
    expect(await Promise.all(calls.slice(0, 2))).toEqual([1, 2]);
    await turns();
    expect(sent(other)).toBe(2);
    const urgent = other.submit(get(5), { urgent: true });
    expect(await answer(other, 3)).toEqual([1, 2, 5]);
    expect(await urgent).toBe(5);
    await answer(one, 1);
    await list;
    const end = one.submit(finalize(2));
    await answer(one, 2);
    await end;
    expect(await answer(other, 5)).toEqual([1, 2, 5, 3, 4]);
    await Promise.all(calls);
  });

  it('lists and changes of one connection go out in separate batches, in their order', async () => {
    const [one] = connections();
    const calls = [change(1), next(2), finalize(3), change(4), get(5)].map((request) => one.submit(request));
    await answer(one, 1);
    await answer(one, 3);
    await answer(one, 5);
    expect(await Promise.all(calls)).toEqual([1, 2, 3, 4, 5]);
    expect(one.server.writes).toEqual([1, 2, 2]);
  });

  it('the turn lasts as long as one of several iterators rests', async () => {
    const [one, other] = connections();
    const lists = [next(1, 1n), next(2, 2n), finalize(3, 1n)].map((request) => one.submit(request));
    const late = other.submit(change(4));
    await answer(one, 3);
    await Promise.all(lists);
    await turns();
    expect(sent(other)).toBe(0);
    void one.submit(finalize(5, 2n));
    await answer(one, 4);
    await answer(other, 1);
    expect(await late).toBe(4);
  });

  it('a deadline ends the waiting, and says that nothing was sent', async () => {
    const [one, other] = connections();
    const list = one.submit(next(1));
    await turns();
    await expect(other.submit(change(2), { timeoutMs: 10 })).rejects.toMatchObject({
      code: 'CS_ERR_TIMEOUT',
      sent: 'no',
      message: expect.stringContaining('lists or changes of this process are under way') as string,
    });
    const read = other.submit(get(3));
    expect(await answer(other, 1)).toEqual([3]);
    expect(await read).toBe(3);
    await answer(one, 1);
    await list;
    const end = one.submit(finalize(4));
    await answer(one, 2);
    await end;
    await turns();
    expect(sent(other)).toBe(1);
    const [later, again] = [other.submit(change(5)), one.submit(change(6))];
    await Promise.all([answer(other, 2), answer(one, 3)]);
    expect(await Promise.all([later, again])).toEqual([5, 6]);
  });

  it('an aborted call leaves its turn to others', async () => {
    const { one, other, third, changing } = await changeUnderWay();
    const abort = new AbortController();
    const listing = other.submit(next(2), { signal: abort.signal });
    await turns();
    const waiting = third.submit(change(3));
    await turns();
    expect(sent(third)).toBe(0);
    abort.abort(new Error('enough'));
    await expect(listing).rejects.toThrow('enough');
    await answer(one, 1);
    await changing;
    await answer(third, 1);
    expect(await waiting).toBe(3);
    expect(sent(other)).toBe(0);
  });

  it('a connection that is closed in its turn keeps it until corosync has let go of it', async () => {
    const [one, other] = connections();
    const list = one.submit(next(1));
    const late = other.submit(change(2));
    await turns();
    one.pipeline.stop(gone());
    await expect(list).rejects.toMatchObject({ code: 'CS_ERR_LIBRARY' });
    await turns();
    expect(sent(other)).toBe(0);
    expect(corosync.lettingGo).toHaveLength(1);
    expect(corosync.ended).toBe(0);
    corosync.lettingGo[0]?.();
    expect(corosync.ended).toBe(1);
    await answer(other, 1);
    expect(await late).toBe(2);
  });

  it('a connection that is hidden in its turn keeps it, too: corosync may still handle what it has', async () => {
    const [one, other] = connections();
    const list = one.submit(next(1));
    const late = other.submit(change(2));
    await turns();
    one.pipeline.hide(gone(), () => undefined);
    await expect(list).rejects.toMatchObject({ code: 'CS_ERR_LIBRARY' });
    await turns();
    expect([sent(other), corosync.ended, corosync.lettingGo.length]).toEqual([0, 0, 1]);
    corosync.lettingGo[0]?.();
    await answer(other, 1);
    expect(await late).toBe(2);
  });

  it('a connection that corosync has closed leaves its turn at once', async () => {
    const [one, other] = connections();
    const list = one.submit(next(1));
    const late = other.submit(change(2));
    await turns();
    one.pipeline.stop(gone(), true);
    await expect(list).rejects.toMatchObject({ code: 'CS_ERR_LIBRARY' });
    await answer(other, 1);
    expect(await late).toBe(2);
    expect(corosync.lettingGo).toEqual([]);
    expect(corosync.ended).toBe(1);
  });

  it('a connection that is closed while it waits is in nobody’s way', async () => {
    const { one, other, third, changing } = await changeUnderWay();
    const list = other.submit(next(2));
    await turns();
    const waiting = third.submit(change(3));
    other.pipeline.stop(gone());
    await expect(list).rejects.toMatchObject({ code: 'CS_ERR_LIBRARY' });
    await answer(one, 1);
    await changing;
    await answer(third, 1);
    expect(await waiting).toBe(3);
  });

  it('a connection that is closed without a turn takes nobody’s', async () => {
    const { one, other, third, changing } = await changeUnderWay();
    const list = third.submit(next(2));
    other.pipeline.stop(gone(), true);
    expect(corosync.ended).toBe(1);
    await turns();
    expect(sent(third)).toBe(0);
    await answer(one, 1);
    await changing;
    await answer(third, 1);
    expect(await list).toBe(2);
  });

  it('a turn that comes when its call has been given up goes to what waits behind that', async () => {
    const { one, other, changing } = await changeUnderWay();
    const abort = new AbortController();
    const list = other.submit(next(2), { signal: abort.signal });
    await turns();
    const behind = other.submit(change(3));
    // The turn comes with the answer, before anything else is sent.
    const given = changing.then(() => abort.abort(new Error('enough')));
    await answer(one, 1);
    await given;
    await expect(list).rejects.toThrow('enough');
    expect(await answer(other, 1)).toEqual([3]);
    expect(await behind).toBe(3);
  });

  it('a connection keeps its place among those that wait, however often it is called meanwhile', async () => {
    const { one, other, third, changing } = await changeUnderWay();
    const list = other.submit(next(2));
    await turns();
    const late = third.submit(change(3));
    await turns();
    const read = other.submit(get(4), { urgent: true });
    expect(await answer(other, 1)).toEqual([4]);
    await read;
    await turns();
    await answer(one, 1);
    await changing;
    expect(await answer(other, 2)).toEqual([4, 2]);
    expect(await list).toBe(2);
    await turns();
    expect(sent(third)).toBe(0);
    void other.submit(finalize(5));
    await answer(other, 3);
    await answer(third, 1);
    expect(await late).toBe(3);
  });

  it('is not blamed for what waits for the answers before it', async () => {
    const [one] = connections();
    const early = one.submit(change(1));
    await turns();
    await expect(one.submit(get(2), { timeoutMs: 5 })).rejects.toMatchObject({
      code: 'CS_ERR_TIMEOUT',
      detail: expect.stringMatching(/not sent: earlier ones are still unanswered$/) as string,
    });
    await answer(one, 1);
    await early;
  });
});
