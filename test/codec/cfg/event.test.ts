import { describe, expect, it } from 'vitest';
import { decodeCfgEvent, type CfgShutdownEvent } from '../../../src/codec/cfg/event.ts';
import { readServiceGoldens } from '../../golden/service-goldens.ts';
import { readerAmongDirt } from '../../helpers/memory/memory-stage.ts';
import { resCfgTestshutdown } from '../../helpers/wire/cfg-messages.ts';
import type { MessageFields } from '../../helpers/wire/message-builder.ts';
import { describeEvents } from '../service-suite.ts';

function expected(fields: MessageFields): CfgShutdownEvent {
  if (fields.message !== 'resCfgTestshutdown') throw new Error(`${fields.message} is no event of cfg`);
  return { type: 'test-shutdown', kind: 'request', timedOut: fields.error === 5 };
}

describe('cfg events', () => {
  describeEvents({
    service: 'cfg',
    decode: decodeCfgEvent,
    expected,
    samples: { shutdown: resCfgTestshutdown({ error: 1, flags: 1 }) },
    counts: [],
    unknownIds: [0, 9, 11, 17, -1],
  });

  it('asked and timed out are among the golden exchanges', () => {
    const events = readServiceGoldens('cfg').exchanges.flatMap((exchange) => exchange.events);
    const errors = events.map(({ fields }) => (fields.message === 'resCfgTestshutdown' ? fields.error : 0));
    expect([...new Set(errors)].sort()).toEqual([1, 5]);
  });

  it.each([
    [0, 'request'],
    [1, 'regardless'],
    [2, 'immediate'],
    [3, 3],
    [0xffff_ffff, 0xffff_ffff],
  ])('flags %d are %s', (flags, kind) => {
    const bytes = resCfgTestshutdown({ error: 1, flags }).toBytes();
    expect([bytes.length, bytes.readInt32LE(0), bytes.readUInt32LE(24)]).toEqual([32, 10, flags]);
    expect(decodeCfgEvent(readerAmongDirt(bytes))).toEqual({
      type: 'test-shutdown',
      kind,
      timedOut: false,
    });
  });
});
