import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TurnKind } from '../../../src/codec/message.ts';
import { TurnGate, type Outside } from '../../../src/ipc/turns/turn-gate.ts';

const NOBODY: Outside = {
  acquire: () => true,
  release: () => undefined,
  isWanted: () => false,
  hindrance: () => undefined,
};

/** Other participants of the process, as a test wants them. */
class Others implements Outside {
  readonly log: string[] = [];
  wanted = false;
  free = true;
  #acquired: (() => void) | undefined;

  acquire(kind: TurnKind, acquired: () => void): boolean {
    this.log.push(`acquire ${kind}`);
    if (!this.free) this.#acquired = acquired;
    return this.free;
  }

  release(): void {
    this.log.push('release');
    this.#acquired = undefined;
  }

  hindrance(): string {
    return 'somebody else';
  }

  isWanted(): boolean {
    return this.wanted;
  }

  grant(): void {
    this.#acquired?.();
    this.#acquired = undefined;
  }
}

/** One that comes to the gate, and notes when it is in. */
class Visitor {
  readonly kind: TurnKind;
  readonly #gate: TurnGate;
  isIn = false;

  constructor(gate: TurnGate, kind: TurnKind) {
    this.kind = kind;
    this.#gate = gate;
    this.isIn = gate.enter(kind, this);
  }

  entered(): void {
    this.isIn = true;
  }

  leave(): void {
    this.isIn = false;
    this.#gate.leave();
  }
}

describe('TurnGate', () => {
  it('lets any number of one kind in together, and nobody of the other meanwhile', () => {
    const gate = new TurnGate(NOBODY);
    const [one, two] = [new Visitor(gate, 'change'), new Visitor(gate, 'change')];
    expect([one.isIn, two.isIn]).toEqual([true, true]);
    const list = new Visitor(gate, 'list');
    one.leave();
    expect(list.isIn).toBe(false);
    two.leave();
    expect(list.isIn).toBe(true);
    expect(gate.enter('change')).toBe(false);
    list.leave();
    expect(gate.enter('change')).toBe(true);
  });

  it('lets nobody pass one of the other kind that waits, however many come', () => {
    const gate = new TurnGate(NOBODY);
    const change = new Visitor(gate, 'change');
    const list = new Visitor(gate, 'list');
    const late = Array.from({ length: 10 }, () => new Visitor(gate, 'change'));
    expect(late.map(({ isIn }) => isIn)).not.toContain(true);
    change.leave();
    expect(list.isIn).toBe(true);
    expect(late.map(({ isIn }) => isIn)).not.toContain(true);
    list.leave();
    expect(late.map(({ isIn }) => isIn)).not.toContain(false);
  });

  it('forgets who does not want in any more', () => {
    const gate = new TurnGate(NOBODY);
    const change = new Visitor(gate, 'change');
    const list = new Visitor(gate, 'list');
    gate.cancel(list);
    expect(new Visitor(gate, 'change').isIn).toBe(true);
    change.leave();
    expect(list.isIn).toBe(false);
  });

  it('asks outside for the first of a kind, and says when the last has left', () => {
    const others = new Others();
    const gate = new TurnGate(others);
    const visitors = [new Visitor(gate, 'change'), new Visitor(gate, 'change')];
    for (const visitor of visitors) visitor.leave();
    expect(others.log).toEqual(['acquire change', 'release']);
  });

  it('lets those in who have come until it may, and nobody for whom it waits in vain', () => {
    const others = new Others();
    const gate = new TurnGate(others);
    others.free = false;
    const change = new Visitor(gate, 'change');
    const list = new Visitor(gate, 'list');
    const late = new Visitor(gate, 'change');
    expect(others.log).toEqual(['acquire change']);
    others.grant();
    expect([change.isIn, list.isIn, late.isIn]).toEqual([true, false, true]);
    others.free = true;
    change.leave();
    late.leave();
    expect(list.isIn).toBe(true);
    expect(others.log).toEqual(['acquire change', 'release', 'acquire list']);
    others.free = false;
    list.leave();
    const gone = new Visitor(gate, 'change');
    expect(gate.hindrance).toBe('somebody else');
    gate.cancel(gone);
    expect(gate.hindrance).toBeUndefined();
    others.grant();
    expect(others.log.slice(3)).toEqual(['release', 'acquire change', 'release']);
    others.free = true;
    expect(new Visitor(gate, 'list').isIn).toBe(true);
  });

  it('asks outside once for all who come until it may', () => {
    const others = new Others();
    const gate = new TurnGate(others);
    others.free = false;
    const visitors = [new Visitor(gate, 'change'), new Visitor(gate, 'change'), new Visitor(gate, 'change')];
    expect(others.log).toEqual(['acquire change']);
    others.grant();
    expect(visitors.map(({ isIn }) => isIn)).toEqual([true, true, true]);
  });

  it('waits outside only for those who wait here', () => {
    const others = new Others();
    const gate = new TurnGate(others);
    others.free = false;
    expect(gate.enter('change')).toBe(false);
    expect(others.log).toEqual(['acquire change', 'release']);
    const [change, list] = [new Visitor(gate, 'change'), new Visitor(gate, 'list')];
    gate.cancel(change);
    expect(others.log.slice(2)).toEqual(['acquire change', 'release', 'acquire list']);
    others.grant();
    expect([change.isIn, list.isIn]).toEqual([false, true]);
  });

  it('lets no more of a kind in when somebody outside waits for the other', () => {
    const others = new Others();
    const gate = new TurnGate(others);
    const change = new Visitor(gate, 'change');
    others.wanted = true;
    const late = new Visitor(gate, 'change');
    expect(late.isIn).toBe(false);
    change.leave();
    expect(late.isIn).toBe(true);
    expect(others.log).toEqual(['acquire change', 'release', 'acquire change']);
  });

  it('never has both kinds in, and lets everybody in within a turn of the other kind, whatever they do', () => {
    const step = fc.record({
      kind: fc.constantFrom<TurnKind>('list', 'change'),
      act: fc.constantFrom('enter', 'leave', 'leave', 'cancel'),
      which: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const gate = new TurnGate(NOBODY);
        let visitors: Visitor[] = [];
        for (const { kind, act, which } of steps) {
          const inside = visitors.filter(({ isIn }) => isIn);
          const outside = visitors.filter(({ isIn }) => !isIn);
          if (act === 'enter') visitors.push(new Visitor(gate, kind));
          else if (act === 'leave' && inside.length > 0) {
            const [leaving] = inside.slice(which % inside.length);
            leaving?.leave();
            visitors = visitors.filter((visitor) => visitor !== leaving);
          } else if (act === 'cancel' && outside.length > 0) {
            const [tired] = outside.slice(which % outside.length);
            if (tired !== undefined) gate.cancel(tired);
            visitors = visitors.filter((visitor) => visitor !== tired);
          }
          expect(
            new Set(visitors.filter(({ isIn }) => isIn).map((visitor) => visitor.kind)).size,
          ).toBeLessThan(2);
        }
        for (let turns = 0; visitors.some(({ isIn }) => !isIn); turns++) {
          expect(turns).toBeLessThan(3);
          const inside = visitors.filter(({ isIn }) => isIn);
          visitors = visitors.filter((visitor) => !inside.includes(visitor));
          for (const visitor of inside) visitor.leave();
        }
      }),
      { numRuns: 500 },
    );
  });
});
