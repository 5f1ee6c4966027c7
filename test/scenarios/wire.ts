import { expect } from 'vitest';
import type { MessageFields } from '../helpers/wire/message-builder.ts';
import type { Scenario } from './scenario.ts';

const OK = 1;
const INVALID_PARAM = 7;
const BAD_HANDLE = 9;
const BUSY = 10;
const NOT_EXIST = 12;
const NAME_TOO_LONG = 13;
const NOT_SUPPORTED = 19;
const ACCESS = 11;
const NO_SECTIONS = 27;

const set = (key: string, type: number, value: string): MessageFields => ({
  message: 'reqCmapSet',
  key,
  type,
  value,
});
const get = (key: string, valueLength: number): MessageFields => ({
  message: 'reqCmapGet',
  key,
  valueLength,
});
const track = (key: string, trackType: number): MessageFields => ({
  message: 'reqCmapTrackAdd',
  key,
  trackType,
  trackInstHandle: '1',
});

/** Requests one after the other, each with the error that answers it. */
function asking(name: string, map: number, rows: readonly (readonly [MessageFields, number])[]): Scenario {
  return {
    name,
    async run(target) {
      const connection = await target.raw();
      await connection.send({ message: 'reqCmapSetCurrentMap', map });
      for (const [request, error] of rows) {
        expect({ request, error: (await connection.send(request)).error }).toEqual({ request, error });
      }
    },
  };
}

/** What our client does not ask, and other clients do. */
export const WIRE: readonly Scenario[] = [
  asking('names', 0, [
    [set('', 6, '00000000'), NAME_TOO_LONG],
    [set('ab', 6, '00000000'), NAME_TOO_LONG],
    [set('scenario key', 6, '00000000'), NAME_TOO_LONG],
    [set('scenario.k\xe9y', 6, '00000000'), NAME_TOO_LONG],
    [get('', 8), NOT_EXIST],
    [get('a', 8), NOT_EXIST],
    [get('k'.repeat(255), 8), NOT_EXIST],
    [{ message: 'reqCmapDelete', key: 'a b' }, NOT_EXIST],
    [{ message: 'reqCmapAdjustInt', key: '', step: 1 }, NOT_EXIST],
  ]),
  asking('values', 0, [
    [set('scenario.wire', 6, '0000'), INVALID_PARAM],
    [set('scenario.wire', 2, '0000'), INVALID_PARAM],
    [set('scenario.wire', 8, '00000000'), INVALID_PARAM],
    [set('scenario.wire', 12, '00'.repeat(16_385)), INVALID_PARAM],
    [set('scenario.wire', 11, '73'.repeat(16_385)), INVALID_PARAM],
    [set('scenario.wire', 11, Buffer.from('ab\0cd').toString('hex')), INVALID_PARAM],
    [set('scenario.wire', 0, '00'), INVALID_PARAM],
    [set('scenario.wire', 13, '00'), INVALID_PARAM],
    [get('scenario.wire', 8), NOT_EXIST],
    [set('scenario.wire', 13, ''), OK],
    [{ message: 'reqCmapAdjustInt', key: 'scenario.wire', step: 1 }, OK],
    [set('scenario.wire', 11, Buffer.from('ab\0').toString('hex')), OK],
    [get('scenario.wire', 2), INVALID_PARAM],
    [get('scenario.wire', 3), OK],
    [get('scenario.wire', 0), OK],
    [{ message: 'reqCmapDelete', key: 'scenario.wire' }, OK],
  ]),
  asking('trackers', 0, [
    [track('scenario.wire', 0), OK],
    [track('scenario.wire', 8), OK],
    [track('scenario.wire', 16), INVALID_PARAM],
    [track('scenario.wire', -1), INVALID_PARAM],
    [track('', 7), OK],
    [track('a b', 7), OK],
    [{ message: 'reqCmapTrackDelete', trackHandle: '4711' }, BAD_HANDLE],
  ]),
  asking('iterators', 0, [
    [{ message: 'reqCmapIterNext', iterHandle: '4711' }, BAD_HANDLE],
    [{ message: 'reqCmapIterFinalize', iterHandle: '4711' }, BAD_HANDLE],
  ]),
  asking('maps', 0, [
    [{ message: 'reqCmapSetCurrentMap', map: 2 }, NOT_EXIST],
    [{ message: 'reqCmapSetCurrentMap', map: 1 }, OK],
    [{ message: 'reqCmapSetCurrentMap', map: 0 }, OK],
    [track('scenario.wire', 7), OK],
    [{ message: 'reqCmapSetCurrentMap', map: 1 }, BUSY],
  ]),
  asking('the stats map', 1, [
    [set('scenario.wire', 6, '00000000'), ACCESS],
    [{ message: 'reqCmapDelete', key: 'stats.srp.mcast_tx' }, ACCESS],
    [{ message: 'reqCmapAdjustInt', key: 'stats.srp.mcast_tx', step: 1 }, ACCESS],
    [set('stats.clear.none', 6, '00000000'), NOT_SUPPORTED],
    [{ message: 'reqCmapDelete', key: 'stats.clear.ipc' }, NOT_SUPPORTED],
    [{ message: 'reqCmapAdjustInt', key: 'stats.clear.ipc', step: 1 }, NOT_SUPPORTED],
    [track('stats.srp.', 8 | 2), NOT_SUPPORTED],
    [track('stats.srp.', 8 | 4), NOT_SUPPORTED],
    [track('stats.srp.', 8 | 4 | 1), OK],
    [track('stats.srp.', 15), OK],
    [track('stats.srp.mcast_tx', 0), OK],
    [track('stats.srp.mcast_tx', 64), OK],
    [track('stats.none', 2), OK],
    [get('stats.none', 64), NOT_EXIST],
    [get('stats.srp.mcast_tx', 64), OK],
  ]),
  {
    name: 'an iterator past its end stays there, and is gone once it is finalized',
    async run(target) {
      const connection = await target.raw();
      await connection.send(set('scenario.end', 2, '01'));
      const { bytes } = await connection.send({ message: 'reqCmapIterInit', prefix: 'scenario.end' });
      const iterHandle = String(bytes.readBigUInt64LE(24));
      const next = async (): Promise<number> =>
        (await connection.send({ message: 'reqCmapIterNext', iterHandle })).error;
      expect([await next(), await next(), await next()]).toEqual([OK, NO_SECTIONS, NO_SECTIONS]);
      const finalize: MessageFields = { message: 'reqCmapIterFinalize', iterHandle };
      expect((await connection.send(finalize)).error).toBe(OK);
      expect((await connection.send(finalize)).error).toBe(BAD_HANDLE);
      expect(await next()).toBe(BAD_HANDLE);
      await connection.send({ message: 'reqCmapDelete', key: 'scenario.end' });
    },
  },
];
