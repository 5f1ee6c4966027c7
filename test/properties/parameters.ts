import type { Parameters } from 'fast-check';

/**
 * How long a property test runs. FUZZ_FACTOR=10 runs it ten times as often; FUZZ_SEED and FUZZ_PATH, as a failure prints
 * them, run it again.
 */
export function parameters<T>(numRuns: number): Parameters<T> {
  const { FUZZ_FACTOR = '1', FUZZ_SEED, FUZZ_PATH } = process.env;
  return {
    numRuns: Math.max(Math.round(numRuns * Number(FUZZ_FACTOR)), 1),
    ...(FUZZ_SEED === undefined ? {} : { seed: Number(FUZZ_SEED) }),
    ...(FUZZ_PATH === undefined ? {} : { path: FUZZ_PATH }),
  };
}

/** A time limit that grows with the number of runs, for the test that has them. */
export function timeLimitMs(ms: number): number {
  return ms * Math.max(Number(process.env.FUZZ_FACTOR ?? '1'), 1);
}
