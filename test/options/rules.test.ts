import { describe, expect, it } from 'vitest';
import * as rules from '../../src/options/rules.ts';
import { checkOptions } from '../../src/options/check-options.ts';

interface Example {
  readonly size?: number | undefined;
  readonly mode?: 'fast' | 'slow' | undefined;
  readonly inner?: { readonly on?: boolean | undefined } | undefined;
}

const DEFAULTS = { size: 5 } as const;
const exampleRule = rules.object<Example, typeof DEFAULTS>(
  'an example',
  {
    size: rules.integer(1, 10),
    mode: rules.oneOf('fast', 'slow'),
    inner: rules.object<{ readonly on?: boolean | undefined }>('inner', { on: rules.boolean }),
  },
  { defaults: DEFAULTS },
);

describe('object', () => {
  it('fills in defaults, leaves out what is undefined, and freezes what it returns', () => {
    const checked = exampleRule('options', { mode: 'slow', size: undefined, inner: { on: undefined } });
    expect(checked).toStrictEqual({ size: 5, mode: 'slow', inner: {} });
    expect([checked, checked.inner].every(Object.isFrozen)).toBe(true);
  });

  it('returns a copy: what is changed afterwards changes nothing', () => {
    const given = { size: 1, inner: { on: true } };
    const checked = exampleRule('options', given);
    Object.assign(given, { size: 2 });
    Object.assign(given.inner, { on: false });
    expect(checked).toEqual({ size: 1, inner: { on: true } });
  });

  it.each<[unknown, string]>([
    [null, 'options is null; it must be an object with size, mode, inner'],
    [{ sise: 1 }, 'options.sise is unknown; an example has size, mode, inner'],
    [{ size: 11 }, 'options.size is 11; it must be an integer from 1 to 10'],
    [{ size: null }, 'options.size is null; it must be an integer from 1 to 10'],
    [{ mode: 'medium' }, "options.mode is \"medium\"; it must be one of 'fast', 'slow'"],
    [{ inner: 1 }, 'options.inner is 1; it must be an object with on'],
    [{ inner: { off: 1 } }, 'options.inner.off is unknown; inner has on'],
    [{ inner: { on: 1 } }, 'options.inner.on is 1; it must be true or false'],
    [JSON.parse('{ "__proto__": 1 }'), 'options.__proto__ is unknown'],
    [{ toString: 1 }, 'options.toString is unknown'],
  ])('%o: %s', (given, message) => {
    expect(() => exampleRule('options', given)).toThrow(RangeError);
    expect(() => exampleRule('options', given)).toThrow(message);
  });

  it('wants what is required', () => {
    const rule = rules.object<Example>('an example', { ...exampleRules() }, { required: ['size'] });
    expect(() => rule('it', {})).toThrow('it.size is undefined; it must be an integer from 1 to 10');
  });

  it('lets a getter of its caller throw what it likes, before anything is done', () => {
    const mine = new Error('mine');
    const given = Object.defineProperty({}, 'size', {
      enumerable: true,
      get: () => {
        throw mine;
      },
    });
    expect(() => checkOptions({ operation: 'example' }, given, exampleRule)).toThrow(mine);
  });
});

function exampleRules(): rules.RulesOf<Example> {
  const anything: rules.Rule<never> = (_place, value) => value as never;
  return { size: rules.integer(1, 10), mode: anything, inner: anything };
}

describe('someOf', () => {
  const rule = rules.someOf('add', 'delete', 'modify');

  it('gives a frozen array in its own order, each once', () => {
    const events = rule('events', ['modify', 'add', 'modify']);
    expect(events).toEqual(['add', 'modify']);
    expect(Object.isFrozen(events)).toBe(true);
  });

  it('uses no method that its caller may have put there', () => {
    const events = Object.assign(['add'], {
      includes: () => false,
      findIndex: () => 0,
      filter: () => [],
      map: () => [],
    });
    expect(rule('events', events)).toEqual(['add']);
  });

  it.each<[unknown, string]>([
    [[], "events is an array; it must be an array of at least one of 'add', 'delete', 'modify'"],
    ['add', 'events is "add"; it must be an array'],
    [['add', 'change'], 'events[1] is "change"; it must be an array'],
    [[, 'add'], 'events[0] is undefined'],
  ])('%o: %s', (given, message) => {
    expect(() => rule('events', given)).toThrow(message);
  });
});

describe('checkOptions', () => {
  const failure = (given: unknown, key?: unknown): unknown => {
    try {
      return checkOptions({ operation: 'example', key: key as string }, given, exampleRule);
    } catch (error) {
      return error;
    }
  };

  it('names the operation, the key, the option and the way out', () => {
    expect(failure({ size: 0 }, 'a.b')).toMatchObject({
      name: 'CsError',
      code: 'CS_ERR_INVALID_PARAM',
      operation: 'example',
      key: 'a.b',
      message:
        'example "a.b": CS_ERR_INVALID_PARAM (7): options.size is 0; it must be an integer from 1 to 10',
    });
  });

  it('names no key that is none', () => {
    expect(failure({ size: 0 }, 5)).toMatchObject({ key: undefined });
  });

  it('takes the code that the rule has', () => {
    const rule: rules.Rule<never> = (place) => {
      throw new rules.Unfit(`there is no ${place}`, 'CS_ERR_NOT_EXIST');
    };
    expect(() => checkOptions({ operation: 'example' }, {}, rule)).toThrow(
      'example: CS_ERR_NOT_EXIST (12): there is no',
    );
  });
});
