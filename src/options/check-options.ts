import { CsError } from '../errors/index.ts';
import { Unfit, type Rule } from './rules.ts';

/** What options are for, as errors name it. */
interface Subject {
  readonly operation: string;
  readonly key?: string | undefined;
}

/**
 * What a caller's options amount to, by their rule.
 * @throws CsError CS_ERR_INVALID_PARAM (or what the rule says instead): there is no such option, or it has no such value
 */
export function checkOptions<T>({ operation, key }: Subject, options: unknown, rule: Rule<T>): T {
  try {
    return rule('options', options);
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    const named = typeof key === 'string' ? key : undefined;
    throw new CsError(error.code, { operation, key: named, detail: error.message });
  }
}
