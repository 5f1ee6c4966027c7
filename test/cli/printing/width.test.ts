import { expect, it } from 'vitest';
import { table } from '../../../src/cli/printing/table.ts';
import { beginning, padded, widthOf } from '../../../src/cli/printing/width.ts';

it.each([
  ['node1', 5],
  ['', 0],
  ['Größe', 5],
  ['节点一', 6],
  ['노드', 4],
  ['ノード', 6],
  ['ｱｲｳ', 3],
  ['ＡＢ', 4],
  ['e\u0301a\u0308', 2],
  ['\u0301', 0],
  ['a\u200bb', 2],
  ['🚀', 2],
  ['👩‍💻', 2],
  ['🇩🇪', 2],
  ['❤', 1],
  ['❤\ufe0f', 2],
  ['𠀀', 2],
])('%s is %d columns wide', (text, width) => {
  expect(widthOf(text)).toBe(width);
});

it('no character is cut in two', () => {
  expect(beginning('节点一', 5)).toBe('节点');
  expect(beginning('ae\u0301b', 2)).toBe('ae\u0301');
  expect(beginning('x👩‍💻y', 2)).toBe('x');
  expect(beginning('plain', 3)).toBe('pla');
});

it('is filled up by columns', () => {
  expect(padded('节点', 6)).toBe('节点  ');
  expect(padded('节点', 6, true)).toBe('  节点');
  expect(padded('节点', 2)).toBe('节点');
  expect(
    table(
      ['NAME', 'ID'],
      [
        ['节点一', 1],
        ['b', 2],
      ],
    ),
  ).toBe('NAME    ID\n节点一   1\nb        2\n');
});
