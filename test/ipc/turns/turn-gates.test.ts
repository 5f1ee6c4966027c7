import { getEventListeners } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CsError } from '../../../src/errors/index.ts';
import { copies, Copies } from '../../../src/ipc/copies/copies.ts';
import { NO_TURN, placeOf, turnAt, turnWord } from '../../../src/ipc/copies/layout.ts';
import type { BatchTurn } from '../../../src/ipc/turns/batch-turn.ts';
import { batchTurn, inHandshakeTurn, type TurnTaker } from '../../../src/ipc/turns/turn-gates.ts';
import { FakeRequest } from '../../helpers/fake/fake-request.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const LIST = new FakeRequest(1, { turn: 'list' });
const CHANGE = new FakeRequest(2, { turn: 'change' });
const NO_TURNS: TurnTaker = { socketDirectory: undefined };
const on = (map: string, socketDirectory?: string, name = ''): TurnTaker => ({
  turns: { name, map },
  socketDirectory,
});
const STATS = on('stats');

/** Whether this copy of the library is one that others see. */
const isMember = (): boolean => copies.id !== 0n;

let path: string;
const open: BatchTurn[] = [];
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'turn-gates-'));
  expect(isMember()).toBe(false);
});
afterEach(() => {
  vi.useRealTimers();
  for (const turn of open.splice(0)) turn.abandon(true);
  rmSync(path, { recursive: true, force: true });
  expect(isMember()).toBe(false);
});

/** The turns of a new connection. */
function connection(taker: TurnTaker): BatchTurn {
  const turn = batchTurn(taker, { path, serverPid: process.ppid, clientPid: process.pid });
  if (turn === undefined) throw new Error('it takes no turns');
  open.push(turn);
  return turn;
}

describe('the turns of a connection', () => {
  it('are those of its map and its corosync, on any connection', () => {
    expect(connection(STATS).admits(LIST, true)).toBe(true);
    expect(connection(STATS).admits(CHANGE, true)).toBe(false);
    for (const other of [on('icmap'), on('stats', '/run/other'), on('stats', undefined, 'second')])
      expect(connection(other).admits(CHANGE, true)).toBe(true);
  });

  it('are none where its service neither lists nor changes', () => {
    expect(batchTurn(NO_TURNS, { path, serverPid: 1, clientPid: process.pid })).toBeUndefined();
    expect(isMember()).toBe(false);
  });

  it('are seen by other copies until corosync has let go of the connection', async () => {
    const turn = connection(STATS);
    expect(isMember()).toBe(true);
    turn.admits(LIST, true);
    turn.abandon(false);
    open.pop();
    await sleep(20);
    expect(isMember()).toBe(true);
    rmSync(path, { recursive: true });
    await waitUntil('it has left', () => !isMember());
  });
});

describe('a handshake', () => {
  /** One that lasts until it is told to end. */
  function shaking(
    taker: TurnTaker,
    signal = new AbortController().signal,
  ): { begun: () => boolean; end: (error?: Error) => void; result: Promise<string> } {
    let begun = false;
    let end: (error?: Error) => void = () => expect.unreachable();
    const shake = (): Promise<string> => {
      begun = true;
      return new Promise((resolve, reject) => {
        end = (error) => (error === undefined ? resolve('shaken') : reject(error));
      });
    };
    const result = inHandshakeTurn(taker, signal, shake);
    return { begun: () => begun, end: (error) => end(error), result };
  }
  const turns = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) await Promise.resolve();
  };

  it('waits while the stats map is listed, in which it makes keys; and lists wait for it', async () => {
    const lister = connection(STATS);
    expect(connection(on('icmap')).admits(LIST, true)).toBe(true);
    expect(lister.admits(LIST, true)).toBe(true);
    const shake = shaking(on('icmap'));
    await turns();
    expect(shake.begun()).toBe(false);
    lister.batchOver();
    await turns();
    expect(shake.begun()).toBe(true);
    expect(lister.admits(LIST, true)).toBe(false);
    shake.end();
    expect(await shake.result).toBe('shaken');
    expect(lister.admits(LIST, true)).toBe(true);
  });

  it('is made at once where nothing lists, and takes no turn for a service without', async () => {
    const [one, other] = [shaking(STATS), shaking(STATS)];
    await turns();
    expect([one.begun(), other.begun(), isMember()]).toEqual([true, true, true]);
    for (const { end, result } of [one, other]) {
      end();
      await result;
    }
    expect(isMember()).toBe(false);
    const free = shaking(NO_TURNS);
    expect([free.begun(), isMember()]).toEqual([true, false]);
    free.end();
    expect(await free.result).toBe('shaken');
  });

  it('that fails keeps its turn for as long as corosync may need to notice that', async () => {
    const lister = connection(STATS);
    let entered = 0;
    lister.onEntered(() => (entered += 1));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const shake = shaking(STATS);
    await turns();
    const refused = new Error('refused');
    shake.end(refused);
    await expect(shake.result).rejects.toBe(refused);
    expect(lister.admits(LIST, true)).toBe(false);
    vi.advanceTimersByTime(49);
    expect(entered).toBe(0);
    vi.advanceTimersByTime(1);
    expect(entered).toBe(1);
  });

  describe('that is given up while it waits', () => {
    /** Its error. */
    async function givenUp(reason: Error): Promise<unknown> {
      const abort = new AbortController();
      const shake = shaking(STATS, abort.signal);
      await turns();
      abort.abort(reason);
      const error: unknown = await shake.result.catch((thrown: unknown) => thrown);
      expect(shake.begun()).toBe(false);
      return error;
    }

    it('ends with the reason of its caller, and is in nobody’s way', async () => {
      const lister = connection(STATS);
      lister.admits(LIST, true);
      const enough = new Error('enough');
      expect(await givenUp(enough)).toBe(enough);
      const refused = new CsError('CS_ERR_ACCESS', { operation: 'connect' });
      expect(await givenUp(refused)).toBe(refused);
      expect(connection(STATS).admits(LIST, true)).toBe(true);
    });

    it('by its deadline says for what it waited, and that corosync was not asked', async () => {
      connection(STATS).admits(LIST, true);
      const reason = new CsError('CS_ERR_TIMEOUT', { operation: 'connect', detail: 'not within 5 ms' });
      expect(await givenUp(reason)).toMatchObject({
        name: 'CsError',
        code: 'CS_ERR_TIMEOUT',
        operation: 'connect',
        detail: expect.stringMatching(/^not within 5 ms; corosync was not asked: .*take turns/) as string,
        cause: reason,
      });
    });

    it('by its deadline names another copy of the library for which it waited', async () => {
      const other = new Copies();
      const membership = other.join();
      other.write(turnAt(placeOf('stats @')), turnWord('list', 1n));
      const reason = new CsError('CS_ERR_TIMEOUT', { operation: 'connect' });
      expect(await givenUp(reason)).toMatchObject({
        detail: expect.stringMatching(
          /^; corosync was not asked: .* thread.* of this process lists or changes keys/,
        ) as string,
      });
      other.write(turnAt(placeOf('stats @')), NO_TURN);
      membership.end();
    });
  });

  it('is not begun once its signal has fired', async () => {
    const enough = new Error('enough');
    const shake = shaking(STATS, AbortSignal.abort(enough));
    await expect(shake.result).rejects.toBe(enough);
    expect([shake.begun(), isMember()]).toEqual([false, false]);
  });

  it('leaves its signal alone when it is under way', async () => {
    const lister = connection(STATS);
    lister.admits(LIST, true);
    const { signal } = new AbortController();
    const shake = shaking(STATS, signal);
    await turns();
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    lister.batchOver();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    await turns();
    shake.end();
    await shake.result;
  });
});
