import { CsError, type CsErrorName } from '../errors/index.ts';

/** The answer, or `undefined` where corosync answers with one of these errors. */
export async function unless<T>(codes: readonly CsErrorName[], answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof CsError && codes.includes(error.code)) return undefined;
    throw error;
  }
}
