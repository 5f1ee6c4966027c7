import {
  resCmapGet,
  resCmapIterInit,
  resCmapIterNext,
  resCmapNotifyCallback,
  resCmapTrackAdd,
  resCmapTrackDelete,
  resHeaderOnly,
} from '../helpers/wire/message-builder.ts';

/** What answers are made of: types 13 and 14 do not exist. */
export interface Ingredients {
  readonly key: string;
  readonly type: number;
  readonly valueLength: number;
  /** What the value repeats. */
  readonly pattern: Uint8Array;
  readonly handle: bigint;
  readonly error: number;
}

const KEY_OFFSET = { key: 24, room: 280 } as const;

/** A valid answer to a request, such as corosync could give. Error answers are bare headers, as there. */
export function honestAnswer(request: Buffer, of: Ingredients): Buffer {
  const id = request.readInt32LE(0);
  const handle = of.handle.toString();
  const { error, key, type } = of;
  if (error !== 1) return resHeaderOnly({ id: responseId(id), error }).toBytes();
  switch (id) {
    case 2: {
      const room = Number(request.readBigUInt64LE(KEY_OFFSET.room));
      const value = Buffer.alloc(room);
      value.set(valueOf(of).subarray(0, room));
      const valueLength = Math.min(of.valueLength, room);
      return resCmapGet({ error, valueLength, type, value: value.toString('hex') }).toBytes();
    }
    case 4:
      return resCmapIterInit({ error, iterHandle: handle }).toBytes();
    case 5:
      return resCmapIterNext({ error, key, valueLength: of.valueLength, type }).toBytes();
    case 7:
      return resCmapTrackAdd({ error, trackHandle: handle }).toBytes();
    case 8:
      return resCmapTrackDelete({ error, trackInstHandle: handle }).toBytes();
    default:
      return resHeaderOnly({ id: responseId(id), error }).toBytes();
  }
}

const valueOf = ({ valueLength, pattern }: Ingredients): Buffer => Buffer.alloc(valueLength, pattern);

/** Set current map is answered by 10; 9 is a notification. */
const responseId = (id: number): number => (id === 9 ? 10 : id);

export function honestNotification(of: Ingredients, trackInstHandle: bigint): Buffer {
  return resCmapNotifyCallback({
    trackInstHandle: trackInstHandle.toString(),
    key: of.key,
    event: of.error === 1 ? 4 : 2,
    newType: of.type,
    newValue: valueOf(of).toString('hex'),
    oldType: 0,
    oldValue: '',
  }).toBytes();
}
