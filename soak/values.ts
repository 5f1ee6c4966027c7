import type { Random } from '../test/helpers/integration/integration-random.ts';
import { EXTREME_VALUES, type KnownValue } from '../test/helpers/integration/integration-values.ts';

const SMALL = EXTREME_VALUES.filter((value) => !['string', 'binary'].includes(value.type));

/** Mostly small, some as large as can be. */
export function randomValue(random: Random): KnownValue {
  const dice = random.below(20);
  if (dice === 0) return random.pick(EXTREME_VALUES);
  if (dice < 8) return random.pick(SMALL);
  if (dice < 14) return { type: 'uint32', value: random.below(2 ** 32) };
  if (dice < 17) return { type: 'string', value: 'x'.repeat(random.below(300)) };
  return { type: 'binary', value: Uint8Array.from({ length: random.below(600) }, () => random.below(256)) };
}
