import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Fifo } from '../../src/streams/fifo.ts';

it('gives what was pushed, in order, whatever comes between', () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ push: fc.integer({ min: 1, max: 2000 }) }) },
    { weight: 3, arbitrary: fc.record({ shift: fc.integer({ min: 1, max: 2000 }) }) },
    { weight: 1, arbitrary: fc.constant('clear' as const) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const fifo = new Fifo<number>();
      let model: number[] = [];
      let next = 0;
      for (const what of steps) {
        if (what === 'clear') {
          fifo.clear();
          model = [];
        } else if ('push' in what) {
          for (let i = 0; i < what.push; i += 1) {
            fifo.push(next);
            model.push(next);
            next += 1;
          }
        } else {
          const taken = Array.from({ length: what.shift }, () => fifo.shift());
          expect(taken).toEqual(Array.from({ length: what.shift }, (_, i) => model[i]));
          model = model.slice(what.shift);
        }
        expect(fifo.length).toBe(model.length);
        expect(fifo.peek()).toBe(model[0]);
        expect(fifo.items()).toEqual(model);
      }
    }),
    { numRuns: 30 },
  );
});

it('holds undefined too', () => {
  const fifo = new Fifo<number | undefined>();
  fifo.push(undefined);
  fifo.push(1);
  expect([fifo.length, fifo.shift(), fifo.length, fifo.shift(), fifo.length]).toEqual([
    2,
    undefined,
    1,
    1,
    0,
  ]);
});
