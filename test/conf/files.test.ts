import { describe, expect, it } from 'vitest';
import { parseMain, parseUidgid } from '../../src/conf/files.ts';
import { valuesOf } from '../../src/conf/syntax.ts';

describe('the text of corosync.conf', () => {
  it('has its items with the sections they stand in, and comments are none', () => {
    const { items, fault } = parseMain(
      'totem {\n\tversion: 2 \n # no: comment\n interface {\n  ttl:1\r\n }\n}\nquorum {\n}',
    );
    expect(fault).toBeUndefined();
    expect(items).toEqual([
      { line: 2, within: [1], section: 'totem', key: 'version', value: '2' },
      { line: 5, within: [1, 4], section: 'totem.interface', key: 'ttl', value: '1' },
    ]);
  });

  it('goes no further than the first fault', () => {
    const { items, fault } = parseMain('totem {\n  token: 1\n  what\n  join: 2\n}\n');
    expect(items.map(({ key }) => key)).toEqual(['token']);
    expect(fault).toMatchObject({ line: 3 });
  });

  it('may not end within a section', () => {
    expect(parseMain('totem {\n').fault).toMatchObject({
      reason: 'the closing } of totem is missing',
    });
  });
});

it.each([
  ['\ufffd'.repeat(509), undefined],
  ['x'.repeat(509), undefined],
  ['x'.repeat(510), 1],
  ['é'.repeat(255), 1],
])('a line has 510 bytes at most, of which those that are no UTF-8 count once', (rest, line) => {
  expect(parseMain(`#${rest}\n`).fault?.line).toBe(line);
});

it('the values of a key are found in every section, also behind a mistake', () => {
  const text =
    '}\ntotem {\n name: a \n#name: b\n# old\rname: c\n}\nname:\r\nnames: d\nname e\n : f\nname: g }\n';
  expect(valuesOf(text, 'name')).toEqual(['a', '', 'g }']);
  expect(valuesOf(`name: a${' '.repeat(200_000)}b\n`, 'name')).toEqual([]);
});

it('a file in uidgid.d has sections named uidgid only', () => {
  expect(parseUidgid('uidgid {\n uid: 7\n}\n')).toMatchObject({ fault: undefined, items: [{ value: '7' }] });
  expect(parseUidgid('totem {\n}\n').fault).toMatchObject({ line: 1 });
});
