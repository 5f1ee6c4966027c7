import { Random } from '../integration/integration-random.ts';

const FACTOR = Number(process.env.COROSYNC_CLIENT_FAULT_ROUNDS ?? 1);
const SEED = process.env.COROSYNC_CLIENT_FAULT_SEED;

/** How often a case is run: COROSYNC_CLIENT_FAULT_ROUNDS multiplies the count that suits every day. */
export function rounds(count: number): number {
  return Math.max(1, Math.round(count * FACTOR));
}

/**
 * Runs a case many times, each time with other random moments. A failure names the seed, with which
 * COROSYNC_CLIENT_FAULT_SEED starts the same round first.
 */
export async function eachRound(
  count: number,
  round: (random: Random, index: number) => Promise<void>,
): Promise<void> {
  const first = SEED === undefined ? Date.now() % 2 ** 31 : Number(SEED);
  for (let index = 0; index < rounds(count); index++) {
    try {
      await round(new Random(first + index), index);
    } catch (error) {
      const where = `round ${index} of ${rounds(count)}, COROSYNC_CLIENT_FAULT_SEED=${first + index}`;
      if (error instanceof Error) error.message = `${error.message}\n(${where})`;
      throw error;
    }
  }
}
