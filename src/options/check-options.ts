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
export function checkOptions<T>(subject: Subject, options: unknown, rule: Rule<T>): T {
  return checkArgument(subject, 'options', options, rule);
}

/** The same for an argument by itself. @param name what errors call it */
export function checkArgument<T>(
  { operation, key }: Subject,
  name: string,
  value: unknown,
  rule: Rule<T>,
): T {
  try {
    return rule(name, value);
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    const named = typeof key === 'string' ? key : undefined;
    throw new CsError(error.code, { operation, key: named, detail: error.message });
  }
}
