import { describe, expect, it } from 'vitest';
import { ListSizes } from '../../../src/cmap/iteration/list-sizes.ts';

describe('the sizes of lists', () => {
  it('are expected to be a little more than the last time, so that the end is seen', () => {
    const sizes = new ListSizes();
    expect([sizes.expected('a'), sizes.expected('')]).toEqual([127, 383]);
    sizes.note('a', 0);
    sizes.note('b', 1000);
    expect([sizes.expected('a'), sizes.expected('b'), sizes.expected('c')]).toEqual([8, 1133, 127]);
    sizes.note('b', 10);
    expect(sizes.expected('b')).toBe(19);
  });

  it('are forgotten where there are many: those first that were not listed for longest', () => {
    const sizes = new ListSizes();
    for (let number = 0; number < 256; number++) sizes.note(`p${number}`, 1000);
    sizes.note('p0', 1000);
    sizes.note('one more', 1000);
    const known = [0, 1, 2, 255].map((number) => sizes.expected(`p${number}`) !== 127);
    expect(known).toEqual([true, false, true, true]);
  });
});
