import fc, { type Arbitrary } from 'fast-check';
import type { CmapChange, CmapValue, CsErrorName } from '../../src/index.ts';
import { EXTREME_VALUES, type KnownValue } from '../helpers/integration/integration-values.ts';

/** How the events of a tracker are read: as they come, or only when a step says so. */
export type Reading =
  | { readonly kind: 'loop' }
  | { readonly kind: 'listener' }
  | { readonly kind: 'lagging'; readonly whenLagging: 'overflow' | 'coalesce'; readonly maxQueued: number };

export type Call =
  | { readonly call: 'set'; readonly key: string; readonly value: KnownValue; readonly typed: boolean }
  | {
      readonly call: 'refused set';
      readonly key: string;
      readonly value: CmapValue;
      readonly code: CsErrorName;
    }
  | { readonly call: 'get'; readonly key: string }
  | { readonly call: 'typed get'; readonly key: string; readonly type: KnownValue['type'] }
  | { readonly call: 'delete'; readonly key: string }
  | { readonly call: 'adjust'; readonly key: string; readonly step: number }
  | {
      readonly call: 'track';
      readonly key: string;
      readonly prefix: boolean;
      readonly events: readonly CmapChange[];
      readonly reading: Reading;
    };

export type When = 'at once' | 'microtask' | 'turn' | 'millisecond';

/** What happens after the calls of one turn have been made, and before they are awaited. */
export type Then =
  | { readonly then: 'wait' }
  | { readonly then: 'abort' | 'close' | 'destroy'; readonly when: When }
  | { readonly then: 'time out'; readonly timeoutMs: number };

/** Numbers name connections and trackers, modulo how many there are. */
export type Step =
  | { readonly step: 'connect'; readonly bufferSize: number }
  | ({
      readonly step: 'calls';
      readonly on: number;
      readonly calls: readonly Call[];
      /** corosync stands still until it has happened. */
      readonly stalled: boolean;
    } & Then)
  | {
      readonly step: 'iterate';
      readonly on: number;
      readonly prefix: string;
      readonly values: boolean;
      /** Leave the loop after so many. */
      readonly atMost: number;
    }
  | {
      readonly step: 'iterate while it changes';
      readonly on: number;
      readonly prefix: string;
      readonly values: boolean;
      /** Change after so many. */
      readonly after: number;
      readonly changes: readonly Call[];
    }
  | { readonly step: 'delete tracker'; readonly tracker: number }
  | { readonly step: 'read'; readonly tracker: number; readonly count: number };

export const ROOT = 'prop.';

/** Keys that are prefixes of each other, differ in case and in the signs that corosync allows. */
const KEYS = [
  'a',
  'a.b',
  'a.b.c',
  'ab',
  'a-b',
  'a/b',
  'a:1',
  'a_',
  'A',
  'b',
  'B.9',
  `${'long.'.repeat(49)}end`,
].map((name) => ROOT + name);
/** Keys that corosync can hold but never does here. */
const ABSENT_KEYS = ['prop', `${ROOT}never.set`];
const BAD_KEYS = ['', 'ab', 'no spaces', 'käse', 'k'.repeat(256)];
const PREFIXES = ['', 'prop', ROOT, `${ROOT}a`, `${ROOT}a.`, `${ROOT}a.b`, `${ROOT}b`, `${ROOT}zz`];
const EVENTS: readonly CmapChange[] = ['add', 'modify', 'delete'];

const key = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom(...KEYS.slice(0, 3)) },
  { weight: 10, arbitrary: fc.constantFrom(...KEYS) },
  { weight: 1, arbitrary: fc.constantFrom(...ABSENT_KEYS) },
  { weight: 1, arbitrary: fc.constantFrom(...BAD_KEYS) },
);
const keyToSet = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom(...KEYS.slice(0, 3)) },
  { weight: 20, arbitrary: fc.constantFrom(...KEYS) },
  { weight: 1, arbitrary: fc.constantFrom(...BAD_KEYS) },
);
const smallValue = fc.constantFrom<KnownValue>(
  { type: 'uint32', value: 0 },
  { type: 'uint32', value: 1 },
  { type: 'int32', value: 1 },
  { type: 'uint8', value: 255 },
  { type: 'string', value: 'x' },
);
const bytesValue = fc.uint8Array({ maxLength: 600 }).map((value): KnownValue => ({ type: 'binary', value }));
const textValue = fc
  .string({ unit: 'grapheme', maxLength: 300 })
  .filter((text) => !text.includes('\0'))
  .map((value): KnownValue => ({ type: 'string', value }));
const value = fc.oneof(
  { weight: 6, arbitrary: smallValue },
  { weight: 4, arbitrary: fc.constantFrom(...EXTREME_VALUES) },
  { weight: 1, arbitrary: bytesValue },
  { weight: 1, arbitrary: textValue },
);
const refused = fc.constantFrom<CmapValue>(
  { type: 'uint8', value: 256 },
  { type: 'int8', value: 1.5 },
  { type: 'int64', value: 2n ** 63n },
  { type: 'string', value: 'nul\0' },
  { type: 'binary', value: new Uint8Array(16_385) },
  { type: 'unknown', typeCode: 77, value: new Uint8Array(1) },
);
const types = fc.constantFrom(...new Set(EXTREME_VALUES.map(({ type }) => type)));
const step = fc.oneof(fc.constantFrom(1, -1, 0, 2 ** 31 - 1, -(2 ** 31)), fc.integer());

const set = fc.record({ call: fc.constant('set' as const), key: keyToSet, value, typed: fc.boolean() });
const remove = fc.record({ call: fc.constant('delete' as const), key });
const adjust = fc.record({ call: fc.constant('adjust' as const), key, step });
const track = fc
  .record({
    call: fc.constant('track' as const),
    target: fc.oneof(
      fc.record({ prefix: fc.constant(false), key: fc.constantFrom(...KEYS) }),
      fc.record({ prefix: fc.constant(true), key: fc.constantFrom(...PREFIXES) }),
    ),
    events: fc.oneof(fc.constant(EVENTS), fc.subarray([...EVENTS], { minLength: 1 })),
    reading: fc.oneof(
      fc.constantFrom<Reading>({ kind: 'loop' }, { kind: 'listener' }),
      fc.record({
        kind: fc.constant('lagging' as const),
        whenLagging: fc.constantFrom('overflow' as const, 'coalesce' as const),
        maxQueued: fc.integer({ min: 1, max: 4 }),
      }),
    ),
  })
  .map(({ target, ...rest }): Call => ({ ...rest, ...target, key: keyToTrack(rest.reading, target.key) }));

/** A queue with limits must hold no keys but those of the model. */
function keyToTrack({ kind }: Reading, key: string): string {
  return kind === 'lagging' && key === '' ? ROOT : key;
}

const call: Arbitrary<Call> = fc.oneof(
  { weight: 8, arbitrary: set },
  { weight: 4, arbitrary: fc.record({ call: fc.constant('get' as const), key }) },
  { weight: 2, arbitrary: fc.record({ call: fc.constant('typed get' as const), key, type: types }) },
  { weight: 3, arbitrary: remove },
  { weight: 3, arbitrary: adjust },
  { weight: 2, arbitrary: track },
  {
    weight: 1,
    arbitrary: fc.record({
      call: fc.constant('refused set' as const),
      key: fc.constantFrom(...KEYS),
      value: refused,
      code: fc.constant('CS_ERR_INVALID_PARAM' as const),
    }),
  },
);

const when = fc.constantFrom<When>('at once', 'microtask', 'turn', 'millisecond');
const then: Arbitrary<Then> = fc.oneof(
  { weight: 12, arbitrary: fc.constant<Then>({ then: 'wait' }) },
  {
    weight: 3,
    arbitrary: fc.record({
      then: fc.constantFrom('abort' as const, 'abort' as const, 'close' as const, 'destroy' as const),
      when,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      then: fc.constant('time out' as const),
      timeoutMs: fc.constantFrom(0, 0.01, 1),
    }),
  },
);

const index = fc.nat({ max: 7 });
const changes = fc.array(fc.oneof(set, remove, adjust), { minLength: 1, maxLength: 4 });

export const steps: Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 1,
      arbitrary: fc.record({
        step: fc.constant('connect' as const),
        bufferSize: fc.constantFrom(65_536, 100_000, 1_048_576),
      }),
    },
    {
      weight: 12,
      arbitrary: fc
        .tuple(
          index,
          fc.oneof(
            fc.array(call, { minLength: 1, maxLength: 12, size: 'max' }),
            call.map((one) => [one]),
          ),
          then,
          fc.integer({ min: 0, max: 3 }),
        )
        .map(([on, calls, rest, dice]) => ({
          step: 'calls' as const,
          on,
          calls,
          ...rest,
          stalled: dice === 3,
        })),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        step: fc.constant('iterate' as const),
        on: index,
        prefix: fc.constantFrom(...PREFIXES),
        values: fc.boolean(),
        atMost: fc.constantFrom(Infinity, 0, 1, 3),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        step: fc.constant('iterate while it changes' as const),
        on: index,
        prefix: fc.constantFrom(ROOT, `${ROOT}a`),
        values: fc.boolean(),
        after: fc.nat({ max: 4 }),
        changes,
      }),
    },
    { weight: 1, arbitrary: fc.record({ step: fc.constant('delete tracker' as const), tracker: index }) },
    {
      weight: 2,
      arbitrary: fc.record({ step: fc.constant('read' as const), tracker: index, count: fc.nat({ max: 5 }) }),
    },
  ),
  { maxLength: 30, size: 'max' },
);
