import { describe, expect, it, test } from 'vitest';
import { groupEventLine, groupEventText, groupFields } from '../../../src/cli/cpg/print.ts';
import type { CpgEvent } from '../../../src/index.ts';

const TIME = new Date('2026-01-31T12:00:00.000Z');
const message = (bytes: string | Uint8Array): CpgEvent => ({
  kind: 'message',
  from: { nodeId: 2, pid: 7 },
  message: Buffer.from(bytes),
});
const membership: CpgEvent = {
  kind: 'membership',
  members: [{ nodeId: 1, pid: 5 }],
  joined: [{ nodeId: 1, pid: 5, reason: 'join' }],
  left: [{ nodeId: 3, pid: 9, reason: 77 }],
};
const ring: CpgEvent = { kind: 'ring', ring: { nodeId: 1, seq: 26n }, members: [1, 2] };

describe('an event of a group', () => {
  test.each([
    [message('Grüße'), '2:7 Grüße'],
    [message('\x1b[2J a\\b\nc\u009b'), '2:7 \\x1B[2J a\\\\b\\x0Ac\\x9B'],
    [message(Buffer.from('ff41', 'hex')), '2:7 \\xFFA'],
    [message(''), '2:7 '],
    [membership, 'joined 1:5 (join), left 3:9 (77); members: 1:5'],
    [{ ...membership, members: [], joined: [] }, 'left 3:9 (77); members: none'],
    [ring, 'ring 1.1a; nodes: 1 2'],
  ])('in text %#', (event, text) => {
    expect(groupEventText(event, TIME)).toBe(`2026-01-31T12:00:00.000Z ${text}\n`);
  });

  test.each([
    [message('Grüße\u009b'), '{"event":"message","node":2,"pid":7,"text":"Grüße\\u009b"'],
    [message(Buffer.from('ff41', 'hex')), '{"event":"message","node":2,"pid":7,"base64":"/0E="'],
    [
      membership,
      '{"event":"membership","joined":[{"node":1,"pid":5,"reason":"join"}],"left":[{"node":3,"pid":9,"reason":77}],"members":[{"node":1,"pid":5}]',
    ],
    [ring, '{"event":"ring","ring":"1.1a","members":[1,2]'],
  ])('in JSON %#', (event, line) => {
    expect(groupEventLine(event, TIME)).toBe(`${line},"time":"2026-01-31T12:00:00.000Z"}\n`);
  });
});

it('a byte-order mark is a part of the text', () => {
  expect(JSON.parse(groupEventLine(message('\ufeffa'), TIME))).toMatchObject({ text: '\ufeffa' });
});

it('the name of a group that is no text is there in full', () => {
  expect(groupFields({ group: 'a' })).toEqual({ group: 'a' });
  expect(groupFields({ group: '\ufffd', groupBytes: Buffer.from('ff', 'hex') })).toEqual({
    group: '\ufffd',
    groupBase64: '/w==',
  });
});
