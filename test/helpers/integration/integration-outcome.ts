import { CS_ERROR_CODES, CsError, type CsErrorName } from '../../../src/index.ts';

export type Outcome = CsErrorName;

/** CS_OK, or the code of the CsError that the call failed with. Any other failure is the test's. */
export async function ourOutcome(call: () => Promise<unknown>): Promise<Outcome> {
  try {
    await call();
    return 'CS_OK';
  } catch (error) {
    if (error instanceof CsError) return error.code;
    throw error;
  }
}

/** The same of a call of the C peer, which returns numbers. */
export async function peerOutcome(
  call: () => Promise<number | { readonly code: number }>,
): Promise<Outcome | number> {
  const result = await call();
  const code = typeof result === 'number' ? result : result.code;
  return outcomeName(code);
}

export function outcomeName(code: number): Outcome | number {
  const entry = Object.entries(CS_ERROR_CODES).find(([, number]) => number === code);
  return entry === undefined ? code : (entry[0] as CsErrorName);
}

/** The error that the call must fail with. */
export async function errorOf<T>(call: Promise<T>): Promise<CsError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof CsError) return error;
    throw error;
  }
  throw new Error('the call succeeded');
}
