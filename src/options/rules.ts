import { show } from '../errors/index.ts';

/** What a value given by a caller must be. Throws a RangeError that names the place, the value and what is allowed. */
export type Rule = (place: string, value: unknown) => void;

export const INT32_MAX = 0x7fffffff;

/** @param words what is allowed, as they end "it must be ..." */
export function rule(words: string, allows: (value: unknown) => boolean): Rule {
  return (place, value) => {
    if (!allows(value)) throw new RangeError(`${place} is ${show(value)}; it must be ${words}`);
  };
}

export function oneOf(...values: readonly (string | number)[]): Rule {
  const words = values.map((value) => (typeof value === 'string' ? `'${value}'` : String(value)));
  return rule(words.length === 1 ? words.join('') : `one of ${words.join(', ')}`, (value) =>
    (values as readonly unknown[]).includes(value),
  );
}

export function integer(least: number, most: number): Rule {
  return rule(`an integer from ${least} to ${most}`, (value) => isIntegerIn(value, least, most));
}

export function isIntegerIn(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
}

export const int32 = integer(-0x80000000, INT32_MAX);
export const uint32 = integer(0, 0xffffffff);
export const boolean = rule('true or false', (value) => typeof value === 'boolean');
export const text = rule('a string', (value) => typeof value === 'string');
export const callable = rule('a function', (value) => typeof value === 'function');
export const iterable = rule('an array or another iterable', isIterable);
/** As setTimeout takes them. */
export const milliseconds = rule(
  `a number of milliseconds from 0 to ${INT32_MAX}`,
  (value) => typeof value === 'number' && value >= 0 && value <= INT32_MAX,
);

export function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

/**
 * An object with these properties and no others; one that is undefined is as one that is not there.
 * @param owner what has the properties, for the error
 * @param required those that must be there
 */
export function object(
  owner: string,
  rules: Readonly<Record<string, Rule>>,
  required: readonly string[] = [],
): Rule {
  const names = Object.keys(rules).join(', ');
  const isObject = rule(`an object with ${names}`, (value) => typeof value === 'object' && value !== null);
  return (place, value) => {
    isObject(place, value);
    const properties = value as Readonly<Record<string, unknown>>;
    for (const name of Object.keys(properties)) {
      if (!Object.hasOwn(rules, name))
        throw new RangeError(`${place}.${name} is unknown; ${owner} has ${names}`);
    }
    for (const [name, check] of Object.entries(rules)) {
      const property = properties[name];
      if (property !== undefined || required.includes(name)) check(`${place}.${name}`, property);
    }
  };
}
