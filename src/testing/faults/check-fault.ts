import { constants } from 'node:os';
import { CS_ERROR_CODES, show, type CsErrorName } from '../../errors/index.ts';
import type {
  Fault,
  FaultCondition,
  FaultsByStep,
  FaultStep,
  MessageFault,
  RequestFault,
} from './fault-types.ts';
import { hasKey } from '../cmap/requests.ts';
import * as rules from '../../options/rules.ts';
import { FAKE_SERVICES, REQUEST_NAMES, requestNames } from './request-names.ts';
import type { IpcType } from '../server/server-transport.ts';
import type { WelcomeFields } from '../server/welcome.ts';

const { object, oneOf, rule } = rules;
/** More bytes at once would only cost memory. */
const MOST_BYTES = 1024 * 1024;

const csError = rule(
  `one of ${Object.keys(CS_ERROR_CODES).join(', ')}, or an int32`,
  (value): value is CsErrorName | number =>
    (typeof value === 'string' && Object.hasOwn(CS_ERROR_CODES, value)) ||
    rules.isIntegerIn(value, -0x80000000, rules.INT32_MAX),
);
const errno = rule(
  `a name in Node's os.constants.errno, such as 'EAGAIN', or a number from 1 to ${rules.INT32_MAX}`,
  (value): value is string | number =>
    (typeof value === 'string' && Object.hasOwn(constants.errno, value)) ||
    rules.isIntegerIn(value, 1, rules.INT32_MAX),
);
const pieceSizes = rule(
  'an array of integers from 1 on',
  (value): value is readonly number[] =>
    Array.isArray(value) && value.every((size) => rules.isIntegerIn(size, 1, rules.INT32_MAX)),
);
/** A copy, as of everything that a fault consists of. */
const pieces: rules.Rule<readonly number[]> = (place, value) =>
  Object.freeze(pieceSizes(place, Array.isArray(value) ? Array.from<unknown>(value) : value));
const times = rule(
  'an integer from 1 on, or Infinity',
  (value): value is number => value === Infinity || rules.isIntegerIn(value, 1, Number.MAX_SAFE_INTEGER),
);

const welcomeFields = object<Partial<WelcomeFields>>('the answer to a handshake', {
  id: rules.int32,
  size: rules.int32,
  error: rules.int32,
  connectionType: rules.int32,
  maxMessageSize: rules.uint32,
  request: rules.text,
  response: rules.text,
  event: rules.text,
});
const flowControl = object<NonNullable<RequestFault['flowControl']>>(
  'flowControl',
  { value: oneOf(1, 2), forMs: rules.milliseconds },
  { required: ['value', 'forMs'] },
);

const STEP = {
  delayMs: rules.milliseconds,
  close: oneOf('before', 'after'),
  die: oneOf('before', 'after'),
};
const change = rules.callable<(bytes: Buffer) => Uint8Array>();
const MESSAGE = {
  ...STEP,
  die: oneOf('before', 'during', 'after'),
  drop: rules.boolean,
  duplicate: rules.boolean,
  magic: rules.uint32,
  chunkLength: rules.uint32,
  size: rules.int32,
  id: rules.int32,
  error: csError,
  change,
};
const EFFECTS: { readonly [Step in FaultStep]: rules.RulesOf<FaultsByStep[Step]> } = {
  accept: STEP,
  authenticate: STEP,
  welcome: { ...STEP, refuse: errno, fields: welcomeFields, split: pieces, change },
  request: { ...STEP, error: csError, flowControl },
  response: MESSAGE,
  event: MESSAGE,
  byte: { ...STEP, count: rules.integer(0, MOST_BYTES) },
};

const ANY_STEP = {
  step: oneOf(...(Object.keys(EFFECTS) as FaultStep[])),
  nth: rules.integer(1, Number.MAX_SAFE_INTEGER),
  times,
};
const service = oneOf(...FAKE_SERVICES);
const OF_CONNECTION = { ...ANY_STEP, service };
const OF_REQUEST = { ...ANY_STEP, request: oneOf(...REQUEST_NAMES), key: rules.text, service };
const OF_EVENT = { ...ANY_STEP, key: rules.text, service };
const CONDITIONS: Readonly<Record<FaultStep, Readonly<Record<string, rules.Rule<unknown>>>>> = {
  accept: OF_CONNECTION,
  authenticate: OF_CONNECTION,
  welcome: OF_CONNECTION,
  request: OF_REQUEST,
  response: OF_REQUEST,
  event: OF_EVENT,
  byte: OF_EVENT,
};

const anything: rules.Rule<unknown> = (_place, value) => value;
const faultRule = object<{ when: unknown; do: unknown }>('a fault', { when: anything, do: anything });
const stepRule = rule(
  'an object with a step',
  (value): value is { readonly step: unknown } => typeof value === 'object' && value !== null,
);

/**
 * A frozen copy of the fault.
 * @throws RangeError: it could never strike, or would have no effect; it names the property and what is allowed
 */
export function checkFault(given: Fault, ipcType: IpcType): Fault {
  const { when, do: effect } = faultRule('fault', given);
  const step = ANY_STEP.step('fault.when.step', stepRule('fault.when', when).step);
  const owner = `step '${step}'`;
  const fault = Object.freeze({
    when: object<object>(owner, CONDITIONS[step])('fault.when', when),
    do: object<object>(owner, EFFECTS[step])('fault.do', effect),
  }) as Fault;
  checkServiceHasRequest(fault.when);
  checkRequestHasKey(fault.when);
  if (ipcType === 'socket') checkForDatagrams(step, fault.do);
  return fault;
}

function checkServiceHasRequest({ service, request }: FaultCondition<FaultStep>): void {
  if (service === undefined || request === undefined || requestNames(service).includes(request)) return;
  throw new RangeError(
    `fault.when.request is ${show(request)}, which ${service} does not have; it has ${requestNames(service).join(', ')}`,
  );
}

function checkRequestHasKey({ service, request, key }: FaultCondition<FaultStep>): void {
  if (key === undefined) return;
  if (service !== undefined && service !== 'cmap') {
    throw new RangeError(`fault.when.key is ${show(key)}, but only cmap has keys, not ${service}`);
  }
  if (request === undefined || hasKey(request)) return;
  const others = REQUEST_NAMES.filter(hasKey).join(', ');
  throw new RangeError(
    `fault.when.key is ${show(key)}, but '${request}' names no key; those that do are ${others}`,
  );
}

/** Over datagrams there is neither a ring nor a byte for an event. */
function checkForDatagrams(step: FaultStep, effect: MessageFault): void {
  const lacks = (what: string): RangeError =>
    new RangeError(`${what}; that needs shared memory, and this fake has ipcType 'socket'`);
  if (step === 'byte') throw lacks("fault.when.step is 'byte', which announces an event in a ring");
  for (const name of ['magic', 'chunkLength'] as const) {
    if (effect[name] !== undefined) throw lacks(`fault.do.${name} is part of a chunk's header in a ring`);
  }
  if (effect.die === 'during') throw lacks("fault.do.die is 'during', between a chunk and its count");
}
