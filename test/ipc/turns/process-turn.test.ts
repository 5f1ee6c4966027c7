import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TurnKind } from '../../../src/codec/message.ts';
import { Copies, type Membership } from '../../../src/ipc/copies/copies.ts';
import { CHOOSING, NO_TURN, turnAt, turnWord } from '../../../src/ipc/copies/layout.ts';
import { ProcessTurn } from '../../../src/ipc/turns/process-turn.ts';
import { TurnGate } from '../../../src/ipc/turns/turn-gate.ts';
import { CopyWorker } from '../../helpers/copies/copy-worker.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const PLACE = 0;
const SOON = { everyMs: 1 };

/** A copy of the library in this thread. */
class Copy {
  readonly copies = new Copies();
  readonly membership: Membership = this.copies.join();
  readonly gate: TurnGate;

  constructor(place = PLACE) {
    this.gate = new TurnGate(new ProcessTurn(this.copies, place));
  }

  visit(kind: TurnKind): Visit {
    return new Visit(this.gate, kind);
  }
}

class Visit {
  readonly #gate: TurnGate;
  isIn: boolean;

  constructor(gate: TurnGate, kind: TurnKind) {
    this.#gate = gate;
    this.isIn = gate.enter(kind, this);
  }

  entered(): void {
    this.isIn = true;
  }

  leave(): void {
    this.#gate.leave();
  }

  cancel(): void {
    this.#gate.cancel(this);
  }

  async enters(): Promise<void> {
    await waitUntil('it is in', () => this.isIn, SOON);
  }
}

describe('ProcessTurn', () => {
  const ending: (() => void)[] = [];
  const workers: CopyWorker[] = [];
  const copy = (place?: number): Copy => {
    const made = new Copy(place);
    ending.push(() => made.membership.end());
    return made;
  };
  const worker = async (inside?: SharedArrayBuffer, trackUnmanagedFds?: boolean): Promise<CopyWorker> => {
    const made = await CopyWorker.start(inside, trackUnmanagedFds);
    workers.push(made);
    return made;
  };
  let first: Copy;
  let second: Copy;
  beforeEach(() => {
    first = copy();
    second = copy();
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    for (const end of ending.splice(0)) end();
    await Promise.all(workers.splice(0).map((made) => made.terminate()));
  });

  it('lets one kind in at a time, whichever copy wants it', async () => {
    const list = first.visit('list');
    const change = second.visit('change');
    const another = second.visit('list');
    expect([list.isIn, change.isIn, another.isIn]).toEqual([true, false, false]);
    list.leave();
    await change.enters();
    expect(another.isIn).toBe(false);
    change.leave();
    await another.enters();
  });

  it('lets copies in together that want the same', () => {
    expect([first, second, copy()].map((each) => each.visit('change').isIn)).toEqual([true, true, true]);
  });

  it('lets any number in at once that want the same in one copy', () => {
    expect([first, first, first].map((each) => each.visit('change').isIn)).toEqual([true, true, true]);
  });

  it('leaves its turn at once where another copy is known', () => {
    first.visit('change').leave();
    expect(second.visit('list').isIn).toBe(true);
  });

  it.each([
    [5n, 3n],
    [3n, 5n],
  ])('comes behind all who are in, whichever of them came first: %d and %d', async (...tickets) => {
    const inside = [first, second];
    for (const [index, { copies }] of inside.entries())
      copies.write(turnAt(PLACE), turnWord('list', tickets[index] ?? 0n));
    const change = copy().visit('change');
    expect(change.isIn).toBe(false);
    for (const { copies } of inside) copies.write(turnAt(PLACE), NO_TURN);
    await change.enters();
  });

  describe('while it cannot look at the other copies', () => {
    const blind = (of: Copy): { restore: () => void } => {
      const looking = vi.spyOn(of.copies, 'others').mockImplementation(() => {
        throw new Error('EMFILE: too many open files');
      });
      return { restore: () => looking.mockRestore() };
    };
    const shown = (of: Copy): bigint | undefined =>
      second.copies
        .others()
        .find(({ id }) => id === of.copies.id)
        ?.read(turnAt(PLACE));

    it('does not enter, says so, and keeps nobody out', async () => {
      const { restore } = blind(first);
      const change = first.visit('change');
      expect(change.isIn).toBe(false);
      expect(first.gate.hindrance).toMatch(/cannot be looked at: EMFILE/);
      expect(shown(first)).toBe(NO_TURN);
      expect(second.visit('list').isIn).toBe(true);
      restore();
      await waitUntil('it waits for its turn', () => shown(first) !== NO_TURN, SOON);
      expect(change.isIn).toBe(false);
      second.gate.leave();
      await change.enters();
    });

    it('does not enter either if it was alone until then, and has no turn that it could keep', () => {
      second.membership.end();
      expect(first.copies.others()).toEqual([]);
      const { restore } = blind(first);
      const change = first.visit('change');
      expect(change.isIn).toBe(false);
      change.cancel();
      restore();
      expect(first.visit('change').isIn).toBe(true);
      expect(copy().visit('list').isIn).toBe(false);
    });

    it('lets no more in of those who are', async () => {
      expect(first.visit('list').isIn).toBe(true);
      const { restore } = blind(first);
      await sleep(5);
      expect(first.visit('list').isIn).toBe(false);
      restore();
    });
  });

  it('is of one place', () => {
    expect(first.visit('list').isIn).toBe(true);
    expect(copy(PLACE + 1).visit('change').isIn).toBe(true);
  });

  it('sees a copy that comes while it is in, and is seen by it', async () => {
    const list = first.visit('list');
    const change = copy().visit('change');
    expect(change.isIn).toBe(false);
    list.leave();
    const again = first.visit('list');
    expect(again.isIn).toBe(false);
    await change.enters();
    expect(again.isIn).toBe(false);
    change.leave();
    await again.enters();
  });

  it('lets nobody of a kind in after one of the other kind who waits in another copy', async () => {
    copy(); // one that wants nothing
    const list = first.visit('list');
    const change = second.visit('change');
    await sleep(5);
    const late = first.visit('list');
    const third = copy().visit('list');
    expect([late.isIn, third.isIn]).toEqual([false, false]);
    list.leave();
    await change.enters();
    expect([late.isIn, third.isIn]).toEqual([false, false]);
    change.leave();
    await Promise.all([late.enters(), third.enters()]);
  });

  it('lets the copy with the smaller number in first, of two that have come at the same time', async () => {
    for (let pair = 0; pair < 8; pair++) {
      const [one, other] = [copy(pair + 1), new Copies()];
      const membership = other.join();
      other.write(turnAt(pair + 1), CHOOSING);
      const change = one.visit('change');
      expect(change.isIn).toBe(false);
      other.write(turnAt(pair + 1), turnWord('list', 1n));
      await sleep(10);
      expect(change.isIn).toBe(one.copies.id < other.id);
      other.write(turnAt(pair + 1), NO_TURN);
      await change.enters();
      membership.end();
    }
  });

  it('leaves the way free when nobody waits any more', async () => {
    const list = first.visit('list');
    const change = second.visit('change');
    expect(second.gate.hindrance).toMatch(
      /^(?:the main thread|worker thread \d+) of this process lists or changes keys/,
    );
    change.cancel();
    expect(second.gate.hindrance).toBeUndefined();
    await sleep(5);
    expect(first.visit('list').isIn).toBe(true);
    expect(list.isIn).toBe(true);
  });

  it('forgets a copy that has left', () => {
    expect(first.visit('list').isIn).toBe(true);
    first.gate.leave();
    first.membership.end();
    expect(second.visit('change').isIn).toBe(true);
  });

  it('keeps the kinds apart in any number of threads, and lets everybody in', async () => {
    const inside = new SharedArrayBuffer(12);
    const kinds: TurnKind[] = ['list', 'change', 'list', 'change'];
    const stress = kinds.map(async (kind) => {
      // Some come while others are at it.
      const thread = await worker(inside);
      return thread.do({ do: 'stress', kind, turns: 150 });
    });
    expect(await Promise.all(stress)).toEqual([0, 0, 0, 0]);
  });

  it('waits for a thread that stands still in its turn, and says for which', async () => {
    const frozen = await worker();
    await frozen.do({ do: 'enter', kind: 'list' });
    const thawing = frozen.do({ do: 'freeze', ms: 300 });
    const change = first.visit('change');
    await sleep(200);
    expect(change.isIn).toBe(false);
    expect(first.gate.hindrance).toContain(`worker thread ${frozen.threadId} of this process`);
    await thawing;
    await frozen.do({ do: 'leave' });
    await change.enters();
  });

  it.each([true, false])(
    'waits for no thread that has ended (trackUnmanagedFds: %s)',
    async (trackUnmanagedFds) => {
      const dying = await worker(undefined, trackUnmanagedFds);
      const { threadId } = dying;
      await dying.do({ do: 'enter', kind: 'list' });
      const change = first.visit('change');
      await sleep(20);
      expect(change.isIn).toBe(false);
      await dying.terminate();
      await change.enters();
      change.leave();
      await copy().visit('change').enters();
      // Whoever comes later does not even open what such a thread has left open.
      await waitUntil('nobody knows it', () => {
        const late = new Copies();
        const membership = late.join();
        const names = late.others().map(({ name }) => name);
        membership.end();
        for (const { copies } of [first, second]) copies.others();
        return !names.includes(`worker thread ${threadId}`);
      });
    },
  );

  it('waits until corosync has let go of the connections of a thread that has ended', async () => {
    const path = mkdtempSync(join(tmpdir(), 'process-turn-'));
    const dying = await worker();
    await dying.do({ do: 'connect', files: { path, serverPid: process.ppid, clientPid: process.pid } });
    await dying.do({ do: 'enter', kind: 'list' });
    const change = first.visit('change');
    await dying.terminate();
    await sleep(200);
    expect(change.isIn).toBe(false);
    rmSync(path, { recursive: true });
    await change.enters();
  });

  describe('keeps the turn of a copy that is alone', () => {
    /** What others can see of it. */
    const shown = (of: Copy): boolean =>
      second.copies
        .others()
        .some((other) => other.id === of.copies.id && other.read(turnAt(PLACE)) !== NO_TURN);
    beforeEach(() => {
      second.membership.end();
      expect(first.copies.others()).toEqual([]);
      first.visit('change').leave();
    });
    const comes = (): Copy => (second = copy());

    it('for a moment, in which it stands where a copy that comes sees it', async () => {
      const list = comes().visit('list');
      expect(shown(first)).toBe(true);
      expect(list.isIn).toBe(false);
      await list.enters();
      expect(shown(first)).toBe(false);
    });

    it('and goes on with it without a word to others, for as long as that takes', async () => {
      const tells = vi.spyOn(first.copies, 'write');
      expect(first.visit('change').isIn).toBe(true);
      await sleep(10);
      expect(tells).not.toHaveBeenCalled();
      expect(comes().visit('list').isIn).toBe(false);
    });

    it('and lets one that has come in, however often it comes back itself', async () => {
      const list = comes().visit('list');
      await waitUntil(
        'it is in',
        () => {
          const change = first.visit('change');
          if (change.isIn) change.leave();
          else change.cancel();
          return list.isIn;
        },
        SOON,
      );
      expect(first.visit('change').isIn).toBe(false);
    });

    it('but not from itself', () => {
      const list = first.visit('list');
      expect(list.isIn).toBe(true);
      expect(comes().visit('change').isIn).toBe(false);
    });

    it('but not beyond its membership', async () => {
      first.membership.end();
      const again = first.copies.join();
      ending.push(() => again.end());
      expect(first.visit('change').isIn).toBe(true);
      await sleep(10);
      expect(comes().visit('list').isIn).toBe(false);
    });
  });
});
