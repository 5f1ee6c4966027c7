import { describe, expect, it } from 'vitest';
import { checkOrder } from '../helpers/cpg-order/order-check.ts';
import { parseHistory, type OrderHistory } from '../helpers/cpg-order/order-history.ts';

/** Of a run on two nodes: 1:10 and 2:20 join; 1:11 comes and goes; node 2 is cut off, comes back, and all leave. */
const FIRST = `
v 1:10:0 1:10:1 -
r 1.4
m 1 10 1 100 whole
v 1:10:0,2:20:0 2:20:1 -
m 1 10 2 100 whole
m 2 20 1 100 whole
v 1:10:0,2:20:0,1:11:0 1:11:1 -
m 1 11 1 100 whole
m 2 20 2 100 whole
v 1:10:0,2:20:0 - 1:11:2
m 1 10 3 100 whole
v 1:10:0 - 2:20:3
r 1.8
m 1 10 4 100 whole
v 1:10:0,2:20:0 2:20:4 -
r 1.c
m 2 20 4 100 whole
m 1 10 5 100 whole
v 1:10:0 - 2:20:5
v - - 1:10:2
a 5
e left
`;
const SECOND = `
v 1:10:0,2:20:0 2:20:1 -
r 1.4
m 1 10 2 100 whole
m 2 20 1 100 whole
v 1:10:0,2:20:0,1:11:0 1:11:1 -
m 1 11 1 100 whole
m 2 20 2 100 whole
v 1:10:0,2:20:0 - 1:11:2
m 1 10 3 100 whole
v 2:20:0 - 1:10:3
r 2.8
m 2 20 3 100 whole
v 1:10:0,2:20:0 1:10:4 -
r 1.c
m 2 20 4 100 whole
m 1 10 5 100 whole
`;
const GUEST = `
v 1:10:0,2:20:0,1:11:0 1:11:1 -
r 1.4
m 1 11 1 100 whole
m 2 20 2 100 whole
a 1
e closed
`;

type Texts = readonly [string, string, string];
const TEXTS: Texts = [FIRST, SECOND, GUEST];

function histories([first, second, guest]: Texts): OrderHistory[] {
  return [
    parseHistory('first', '1:10', first.trimStart()),
    parseHistory('second', '2:20', second.trimStart()),
    parseHistory('guest', '1:11', guest.trimStart()),
  ];
}

/** What is found when one history says something else. */
function withFault(who: number, from: string, to: string): string[] {
  const texts = TEXTS.map((text, index) => (index === who ? text.replace(from, to) : text));
  expect(texts).not.toEqual(TEXTS);
  const [first = '', second = '', guest = ''] = texts;
  return checkOrder(histories([first, second, guest]));
}

describe('the checker of histories', () => {
  it('has nothing to say of what is right', () => {
    expect(checkOrder(histories(TEXTS))).toEqual([]);
  });

  it.each([
    ['a message is lost', 0, 'm 2 20 1 100 whole\n', '', 'comes after the 0th of its sender'],
    ['the last message of one who leaves is lost', 1, 'm 1 11 1 100 whole\n', '', 'differ'],
    [
      'a message comes twice',
      0,
      'm 2 20 1 100 whole\n',
      'm 2 20 1 100 whole\nm 2 20 1 100 whole\n',
      'comes after the 1th',
    ],
    ['two messages of one sender are swapped', 0, 'm 1 10 2', 'm 1 10 3', 'comes after the 1th'],
    [
      'two messages are swapped at one member',
      1,
      'm 1 10 2 100 whole\nm 2 20 1 100 whole\n',
      'm 2 20 1 100 whole\nm 1 10 2 100 whole\n',
      'differ',
    ],
    [
      'two messages are swapped in the last ring',
      1,
      'm 2 20 4 100 whole\nm 1 10 5 100 whole\n',
      'm 1 10 5 100 whole\nm 2 20 4 100 whole\n',
      'differ',
    ],
    ['a message is torn', 2, 'm 2 20 2 100 whole', 'm 2 20 2 100 torn', 'was torn'],
    [
      'a message moves behind a change of members',
      0,
      'v 1:10:0,2:20:0 - 1:11:2\nm 1 10 3 100 whole\n',
      'm 1 10 3 100 whole\nv 1:10:0,2:20:0 - 1:11:2\n',
      'differ',
    ],
    [
      'a message comes from who has left',
      0,
      'm 1 11 1 100 whole\nm 2 20 2 100 whole\nv 1:10:0,2:20:0 - 1:11:2\n',
      'm 2 20 2 100 whole\nv 1:10:0,2:20:0 - 1:11:2\nm 1 11 1 100 whole\n',
      'no member',
    ],
    ['a message comes from who has not joined', 0, 'm 1 10 1 100', 'm 2 20 1 100', 'no member'],
    [
      'a message from the other part comes in another ring',
      1,
      'm 2 20 3 100 whole\n',
      'm 2 20 3 100 whole\nm 1 10 4 100 whole\n',
      'elsewhere',
    ],
    ['a message comes again after a merge', 0, 'm 2 20 4 100', 'm 2 20 2 100', 'comes after the 2th'],
    ['a change of members is lost', 1, 'v 1:10:0,2:20:0,1:11:0 1:11:1 -\n', '', 'no member'],
    [
      'the members do not fit the change',
      0,
      'v 1:10:0,2:20:0 - 1:11:2',
      'v 1:10:0,2:20:0,1:11:0 - 1:11:2',
      'should have the members',
    ],
    [
      'somebody leaves who was no member',
      0,
      'v 1:10:0 - 2:20:3',
      'v 1:10:0 - 2:20:3,3:30:3',
      'was no member',
    ],
    [
      'somebody joins who was a member',
      0,
      'v 1:10:0,2:20:0 2:20:4 -',
      'v 1:10:0,2:20:0 2:20:4,1:10:4 -',
      'was a member',
    ],
    [
      'the own joining is missing',
      1,
      'v 1:10:0,2:20:0 2:20:1 -',
      'v 1:10:0,2:20:0 3:30:1 -',
      'its own joining first',
    ],
    [
      'something comes after the own leaving',
      0,
      'v - - 1:10:2\n',
      'v - - 1:10:2\nm 1 10 6 100 whole\n',
      'after its own leaving',
    ],
    ['the own leaving is missing', 0, 'v - - 1:10:2\n', '', 'not told of its leaving'],
    [
      'what was accepted does not come back',
      0,
      'a 5',
      'a 6',
      '6 of its messages were accepted, and 5 came back',
    ],
    [
      'what was accepted is lost by a close',
      2,
      'a 1',
      'a 2',
      'of 2 accepted messages of guest it was told 1',
    ],
    ['a member breaks down', 0, 'e left', 'e broken out of order', 'broke down: out of order'],
    ['a neighbour is told less', 2, 'm 2 20 2 100 whole\n', 'm 2 20 3 100 whole\n', 'differ'],
  ])('finds that %s', (_what, who, from, to, complaint) => {
    expect(withFault(who, from, to).join('\n')).toContain(complaint);
  });

  it('finds that one of those who go on together has not heard of the other', () => {
    const first = FIRST.replace(/v 1:10:0 - 2:20:3[^]*(?=r 1\.c)/, '');
    const second = SECOND.replace(/v 2:20:0 - 1:10:3[^]*(?=r 1\.c)/, '').replace(
      'v 1:10:0,2:20:0 2:20:1 -',
      'v 2:20:0 2:20:1 -',
    );
    expect(checkOrder(histories([first, second, GUEST])).join('\n')).toContain(
      'one has not heard of the other',
    );
  });

  it('grants to each side what it has sent itself when nodes part', () => {
    const first = FIRST.replace(
      'm 1 10 3 100 whole\nv 1:10:0 -',
      'm 1 10 3 100 whole\nm 1 10 4 100 whole\nv 1:10:0 -',
    ).replace('r 1.8\nm 1 10 4 100 whole\n', 'r 1.8\n');
    expect(checkOrder(histories([first, SECOND, GUEST]))).toEqual([]);
  });

  it('grants to nodes that part and come together at once that they are told of no ring between', () => {
    const again = (text: string, between: string): string =>
      text
        .replace(between, '')
        .replace('m 2 20 4 100', 'm 2 20 3 100')
        .replace('m 1 10 5 100', 'm 1 10 4 100')
        .replace('a 5', 'a 4');
    const first = again(FIRST, 'r 1.8\nm 1 10 4 100 whole\n');
    const second = again(SECOND, 'r 2.8\nm 2 20 3 100 whole\n');
    expect(checkOrder(histories([first, second, GUEST]))).toEqual([]);
    const swapped = second.replace('m 2 20 3 100 whole\nm 1 10 4 100 whole', '$&\nm 1 10 4 100 whole');
    expect(checkOrder(histories([first, swapped, GUEST]))).not.toEqual([]);
    const other = second.replace('m 2 20 2 100 whole\n', '');
    expect(checkOrder(histories([first, other, GUEST]))).not.toEqual([]);
  });

  it('grants to nodes that part and come together unnoticed that the other side misses what was sent, behind the ring only', () => {
    const [parting, meeting] = ['v 1:10:0 - 2:20:3\nr 1.8\n', 'v 1:10:0,2:20:0 2:20:4 -\n'];
    const first = FIRST.replace(parting, '').replace(meeting, '');
    const told = (text: string): string[] => checkOrder([parseHistory('first', '1:10', text.trimStart())]);
    expect(told(first)).toEqual([]);
    const gap = 'comes after the 2th of its sender: 2:20 4';
    expect(told(first.replace('r 1.c\n', '')).join()).toContain(gap);
    expect(told(first.replace('m 2 20 4', 'm 2 20 2')).join()).toContain(
      'comes after the 2th of its sender: 2:20 2',
    );
    expect(told(first.replace('m 1 10 5', 'm 1 10 6')).join()).toContain(
      'comes after the 4th of its sender: 1:10 6',
    );
  });

  it('counts from the own joining on: programs on libcpg are told of rings before', () => {
    const second = `r 1.0\nr 1.2\nr 1.4\n${SECOND.trimStart().replace('r 1.4\n', '')}`;
    expect(checkOrder(histories([FIRST, second, GUEST]))).toEqual([]);
    const other = second.replace('m 1 10 2 100 whole\n', '');
    expect(checkOrder(histories([FIRST, other, GUEST]))).not.toEqual([]);
  });

  it('grants to nodes that meet that what is under way comes to its own side only, until something of that side has come', () => {
    const second = SECOND.replace('m 1 10 5 100 whole\n', '');
    expect(checkOrder(histories([FIRST, second, GUEST]))).toEqual([]);
    const message = (number: number): string => `m 1 10 ${number} 100 whole\n`;
    const more = (text: string, own: readonly number[]): string =>
      text.replace('m 2 20 4 100 whole\n', `$&${own.map(message).join('')}m 2 20 5 100 whole\n`);
    const told = (own: readonly number[], others: readonly number[]): string[] =>
      checkOrder(
        histories([more(FIRST.replace('m 1 10 5 100 whole\n', ''), own), more(second, others), GUEST]),
      ).filter((complaint) => complaint.includes('differ'));
    expect(told([5], [])).toEqual([]);
    expect(told([5, 6, 7], [])).toEqual([]);
    expect(told([5, 6, 7], [7])).toEqual([]);
    expect(told([5, 6, 7], [5])).not.toEqual([]);
    expect(told([5, 6, 7], [5, 7])).not.toEqual([]);
    const before = SECOND.replace('m 1 10 2 100 whole\n', '');
    expect(checkOrder(histories([FIRST, before, GUEST]))).not.toEqual([]);
  });

  it('grants that who joins does not get a message whose first fragment came before', () => {
    const large = (text: string): string => text.replace('m 2 20 2 100', 'm 2 20 2 2000000');
    const guest = GUEST.replace('m 2 20 2 100 whole\n', '');
    expect(checkOrder(histories([large(FIRST), large(SECOND), guest]))).toEqual([]);
    expect(
      checkOrder(histories([FIRST, SECOND, guest.replace('a 1\ne closed', 'm 1 10 3 100 whole')])),
    ).not.toEqual([]);
  });

  it('grants to who ends while nodes part or come back that its last messages come behind its end, in a later ring', () => {
    const told = (left: string, behind: string): string[] => {
      const comesBack = `v 1:10:0 - ${left}\nv 1:10:0,2:20:0 2:20:4 -\nr 1.c\n${behind}`;
      const first = FIRST.replace('v 1:10:0,2:20:0 2:20:4 -\nr 1.c\n', comesBack);
      return checkOrder([parseHistory('first', '1:10', first.trimStart())]);
    };
    const last = 'm 2 21 7 100 whole\nm 2 21 8 100 whole\n';
    expect(told('2:21:5', last)).toEqual([]);
    expect(told('2:21:5', `r 1.10\n${last}`)).toEqual([]);
    expect(told('2:21:5', `m 2 21 7 100 whole\nr 1.10\nm 2 21 8 100 whole\n`)).toEqual([]);
    const second = SECOND.replace(
      'v 2:20:0 - 1:10:3\nr 2.8\n',
      'v 2:20:0 - 1:10:5\nr 2.8\nm 1 10 4 100 whole\n',
    ).replace('v 1:10:0,2:20:0 1:10:4 -\n', '');
    expect(checkOrder([parseHistory('second', '2:20', second.trimStart())])).toEqual([]);
    const wrong = [
      told('2:21:2', last),
      told('1:21:5', ''),
      told('2:22:5', last),
      told('2:21:5', 'm 2 21 7 100 whole\nm 2 21 7 100 whole\n'),
      checkOrder([parseHistory('second', '2:20', second.replace('10:5\nr 2.8', '10:5').trimStart())]),
      told('2:21:5', `v 1:10:0,2:20:0 - 2:21:5\n`),
    ];
    for (const complaints of wrong) expect(complaints).not.toEqual([]);
  });

  it('grants the same where the end is told behind the ring, if nothing of that process has come before it in that ring', () => {
    const end = 'v 1:10:0 - 2:20:5\n';
    const first = FIRST.replace(end, '').replace('r 1.c\n', `r 1.c\n${end}`);
    const told = (text: string): string[] => checkOrder([parseHistory('first', '1:10', text.trimStart())]);
    expect(told(first)).toEqual([]);
    expect(told(first.replace(end, `m 2 20 3 100 whole\n${end}`)).join()).toContain('no member: 2:20 4');
  });

  it('grants the same to who has parted from one that ended, and was told nothing of it', () => {
    const first = FIRST.replace(
      'v 1:10:0 - 2:20:5\n',
      'v 1:10:0 - 2:20:3\nr 1.10\nr 1.14\nm 2 20 6 100 whole\n',
    );
    const second = SECOND.replace('v 1:10:0,2:20:0 1:10:4 -\n', 'v 1:10:0 - 2:20:5\n');
    const told = (own: string): string[] =>
      checkOrder([
        parseHistory('first', '1:10', own.trimStart()),
        parseHistory('second', '2:20', second.trimStart()),
      ]);
    const complaints = (own: string): string[] => told(own).filter((what) => what.startsWith('first: '));
    expect(complaints(first)).toEqual([]);
    expect(complaints(first.replace('r 1.10\nr 1.14\n', ''))).not.toEqual([]);
    expect(checkOrder([parseHistory('first', '1:10', first.trimStart())])).not.toEqual([]);
  });

  it('does not count the last line of who was killed in it', () => {
    const { entries, end } = parseHistory('killed', '1:10', 'm 1 10 1 100 whole\nm 1 10 2 10');
    expect({ end, count: entries.length }).toEqual({ end: 'killed', count: 1 });
  });
});
