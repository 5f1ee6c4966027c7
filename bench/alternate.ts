/**
 * Runs contenders in alternating rounds, the order turned round each time, so that neither a slow phase of the
 * machine nor the place in the round favours one of them. The first `warmUp` rounds do not count.
 * Returns what each contender measured, round by round.
 */
export async function alternate<T, Name extends string>(
  rounds: number,
  contenders: Readonly<Record<Name, () => Promise<T> | T>>,
  warmUp = 2,
): Promise<Record<Name, T[]>> {
  const names = Object.keys(contenders) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, T[]>;
  for (let round = -warmUp; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : [...names].reverse()) {
      const result = await contenders[name]();
      if (round >= 0) results[name].push(result);
    }
  }
  return results;
}
