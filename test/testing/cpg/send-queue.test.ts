import { beforeEach, describe, expect, it } from 'vitest';
import { Totem } from '../../../src/testing/cluster/totem.ts';
import { SendQueue } from '../../../src/testing/cpg/send-queue.ts';

/** Of totem's queue. */
const ENTRY = 65_446;
let totem: Totem;
let queue: SendQueue;
const happened: string[] = [];

beforeEach(() => {
  happened.length = 0;
  totem = new Totem(() => false);
  queue = new SendQueue(totem, (critical) => void happened.push(critical ? 'held' : 'let go'));
});

/** Messages of so many entries each. */
function send(...sizes: readonly number[]): void {
  for (const size of sizes) queue.send(size * ENTRY, () => void happened.push(`-${size}`));
  totem.flush();
}

describe('the queue of what a node sends', () => {
  it('holds clients off from three quarters on, and tells what it delivers before it lets them go', () => {
    send(47, 0);
    expect(happened).toEqual(['-47', '-0']);
    happened.length = 0;
    send(17, 17, 10, 4);
    expect(happened).toEqual(['held', '-17', 'let go', '-17', '-10', '-4']);
  });

  it.each([
    { what: 'from 70 to 75 in a hundred', sizes: [3, 1, 44], when: ['-3', '-1', 'let go', '-44'] },
    { what: 'from 50 to 60', sizes: [16, 1, 31], when: ['-16', '-1', 'let go', '-31'] },
    { what: 'from 30 to 40', sizes: [23, 7, 18], when: ['-23', '-7', 'let go', '-18'] },
  ])('is as it was where the levels have a gap: $what', ({ sizes, when }) => {
    send(...sizes);
    expect(happened).toEqual(['held', ...when]);
  });
});
