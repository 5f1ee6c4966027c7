import { show, type CsErrorName } from '../errors/index.ts';

/**
 * What a value given by a caller must be: returns it as it is used from then on.
 * @param place names the value in errors
 * @throws Unfit
 */
export type Rule<T> = (place: string, value: unknown) => T;

/** A rule for each property that there is: the compiler finds a forgotten one. */
export type RulesOf<Properties extends object> = {
  readonly [Name in keyof Properties]-?: Rule<Exclude<Properties[Name], undefined>>;
};

/** What rules make of an object: a frozen one, with the defaults filled in. */
export type Checked<Properties extends object, Defaults extends object = object> = Readonly<Properties> & {
  readonly [Name in keyof Properties & keyof Defaults]-?: Exclude<Properties[Name], undefined>;
};

/** A value that is not allowed. The message names the place and the value, and says what is allowed. */
export class Unfit extends RangeError {
  /** As libcmap would call it. */
  readonly code: CsErrorName;

  constructor(message: string, code: CsErrorName = 'CS_ERR_INVALID_PARAM') {
    super(message);
    this.code = code;
  }
}

export const INT32_MAX = 0x7fffffff;

/** @param words what is allowed, as they end "it must be ..." */
export function rule<T>(words: string, allows: (value: unknown) => value is T): Rule<T> {
  return (place, value) => {
    if (allows(value)) return value;
    throw new Unfit(`${place} is ${show(value)}; it must be ${words}`);
  };
}

export function oneOf<const T extends string | number>(...values: readonly T[]): Rule<T> {
  const words = values.map(quoted);
  return rule(words.length === 1 ? words.join('') : `one of ${words.join(', ')}`, (value): value is T =>
    (values as readonly unknown[]).includes(value),
  );
}

/** An array of some of these; returns them in this order, each once. */
export function someOf<const T extends string>(...values: readonly T[]): Rule<readonly T[]> {
  const words = `an array of at least one of ${values.map(quoted).join(', ')}`;
  return (place, given) => {
    const elements: readonly unknown[] = Array.isArray(given) ? Array.from(given) : [];
    const stranger = elements.findIndex((element) => !(values as readonly unknown[]).includes(element));
    if (stranger !== -1)
      throw new Unfit(`${place}[${stranger}] is ${show(elements[stranger])}; it must be ${words}`);
    if (elements.length > 0) return Object.freeze(values.filter((value) => elements.includes(value)));
    throw new Unfit(`${place} is ${show(given)}; it must be ${words}`);
  };
}

export function integer(least: number, most: number): Rule<number> {
  const words =
    most === Number.MAX_SAFE_INTEGER ? `an integer from ${least} on` : `an integer from ${least} to ${most}`;
  return rule(words, (value) => isIntegerIn(value, least, most));
}

export function isIntegerIn(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
}

export const int32 = integer(-0x80000000, INT32_MAX);
export const uint32 = integer(0, 0xffffffff);
export const boolean = rule('true or false', (value) => typeof value === 'boolean');
export const text = rule('a string', (value) => typeof value === 'string');
/** Of something that corosync keeps as bytes. */
export const textOrBytes = rule(
  'a string or a Uint8Array',
  (value): value is string | Uint8Array => typeof value === 'string' || value instanceof Uint8Array,
);
export const bytes = rule('a Uint8Array', (value) => value instanceof Uint8Array);
export const uint64 = rule(
  'a bigint from 0n to 18446744073709551615n',
  (value): value is bigint => typeof value === 'bigint' && BigInt.asUintN(64, value) === value,
);
export const iterable = rule('an array or another iterable', isIterable);
/** As setTimeout takes them. */
export const milliseconds = rule(
  `a number of milliseconds from 0 to ${INT32_MAX}`,
  (value): value is number => typeof value === 'number' && value >= 0 && value <= INT32_MAX,
);
/** Until a call is given up. */
export const duration = rule(
  'a number of milliseconds from 0 on, or Infinity',
  (value): value is number => typeof value === 'number' && value >= 0,
);

/** A function; what it takes and returns is for its caller to know. */
export function callable<T>(): Rule<T> {
  return rule('a function', (value): value is T => typeof value === 'function');
}

export function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

/**
 * An object with these properties and no others; one that is undefined is as one that is not there. Returns a frozen copy, for which each
 * property was read once: getters may give something else each time.
 * @param owner what has the properties, for the error
 * @param required those that must be there
 */
export function object<Properties extends object, Defaults extends Partial<Properties> = object>(
  owner: string,
  rules: RulesOf<Properties>,
  {
    required = [],
    defaults,
  }: { readonly required?: readonly (keyof Properties & string)[]; readonly defaults?: Defaults } = {},
): Rule<Checked<Properties, Defaults>> {
  const entries = Object.entries(rules as Readonly<Record<string, Rule<unknown>>>);
  const names = Object.keys(rules).join(', ');
  const isObject = rule(`an object with ${names}`, isAnObject);
  return (place, value) => {
    const given = isObject(place, value);
    for (const name of Object.keys(given)) {
      if (!Object.hasOwn(rules, name)) throw new Unfit(`${place}.${name} is unknown; ${owner} has ${names}`);
    }
    const checked: Record<string, unknown> = { ...defaults };
    for (const [name, check] of entries) {
      const property = given[name];
      if (property !== undefined || (required as readonly string[]).includes(name))
        checked[name] = check(`${place}.${name}`, property);
    }
    return Object.freeze(checked) as Checked<Properties, Defaults>;
  };
}

function isAnObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function quoted(value: string | number): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}
