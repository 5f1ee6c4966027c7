import { constants } from 'node:os';
import { CS_ERROR_CODES, show } from '../../errors/index.ts';
import type { Fault, FaultCondition, FaultsByStep, FaultStep, MessageFault } from './fault-types.ts';
import { REQUEST_NAMES, hasKey } from '../cmap/requests.ts';
import * as rules from '../../options/rules.ts';
import type { IpcType } from '../server/server-transport.ts';
import type { WelcomeFields } from '../server/welcome.ts';

const { object, oneOf, rule } = rules;
/** More bytes at once would only cost memory. */
const MOST_BYTES = 1024 * 1024;

const csError = rule(
  `one of ${Object.keys(CS_ERROR_CODES).join(', ')}, or an int32`,
  (value) =>
    (typeof value === 'string' && Object.hasOwn(CS_ERROR_CODES, value)) ||
    rules.isIntegerIn(value, -0x80000000, rules.INT32_MAX),
);
const errno = rule(
  `a name in Node's os.constants.errno, such as 'EAGAIN', or a number from 1 to ${rules.INT32_MAX}`,
  (value) =>
    (typeof value === 'string' && Object.hasOwn(constants.errno, value)) ||
    rules.isIntegerIn(value, 1, rules.INT32_MAX),
);
const pieces = rule(
  'an array of integers from 1 on',
  (value) => Array.isArray(value) && value.every((size) => rules.isIntegerIn(size, 1, rules.INT32_MAX)),
);
const times = rule(
  'an integer from 1 on, or Infinity',
  (value) => value === Infinity || rules.isIntegerIn(value, 1, Number.MAX_SAFE_INTEGER),
);

const welcomeFields = object('the answer to a handshake', {
  id: rules.int32,
  size: rules.int32,
  error: rules.int32,
  connectionType: rules.int32,
  maxMessageSize: rules.uint32,
  request: rules.text,
  response: rules.text,
  event: rules.text,
} satisfies Record<keyof WelcomeFields, rules.Rule>);

const STEP = {
  delayMs: rules.milliseconds,
  close: oneOf('before', 'after'),
  die: oneOf('before', 'after'),
};
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
  change: rules.callable,
};
const EFFECTS: { readonly [Step in FaultStep]: Readonly<Record<keyof FaultsByStep[Step], rules.Rule>> } = {
  accept: STEP,
  authenticate: STEP,
  welcome: { ...STEP, refuse: errno, fields: welcomeFields, split: pieces, change: rules.callable },
  request: {
    ...STEP,
    error: csError,
    flowControl: object('flowControl', { value: oneOf(1, 2), forMs: rules.milliseconds }, ['value', 'forMs']),
  },
  response: MESSAGE,
  event: MESSAGE,
  byte: { ...STEP, count: rules.integer(0, MOST_BYTES) },
};

const ANY_STEP = {
  step: oneOf(...Object.keys(EFFECTS)),
  nth: rules.integer(1, Number.MAX_SAFE_INTEGER),
  times,
};
const OF_REQUEST = { ...ANY_STEP, request: oneOf(...REQUEST_NAMES), key: rules.text };
const OF_EVENT = { ...ANY_STEP, key: rules.text };
const CONDITIONS: Readonly<Record<FaultStep, Readonly<Record<string, rules.Rule>>>> = {
  accept: ANY_STEP,
  authenticate: ANY_STEP,
  welcome: ANY_STEP,
  request: OF_REQUEST,
  response: OF_REQUEST,
  event: OF_EVENT,
  byte: OF_EVENT,
};

const anything = rule('', () => true);
const faultRule = object('a fault', { when: anything, do: anything });
const stepRule = rule('an object with a step', (value) => typeof value === 'object' && value !== null);

/** @throws RangeError: the fault could never strike, or would have no effect; it names the property and what is allowed. */
export function checkFault(fault: Fault, ipcType: IpcType): void {
  faultRule('fault', fault);
  const { when, do: effect } = fault;
  stepRule('fault.when', when);
  ANY_STEP.step('fault.when.step', when.step);
  const owner = `step '${when.step}'`;
  object(owner, CONDITIONS[when.step])('fault.when', when);
  object(owner, EFFECTS[when.step])('fault.do', effect);
  checkRequestHasKey(when);
  if (ipcType === 'socket') checkForDatagrams(when.step, effect);
}

function checkRequestHasKey({ request, key }: FaultCondition<FaultStep>): void {
  if (key === undefined || request === undefined || hasKey(request)) return;
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
