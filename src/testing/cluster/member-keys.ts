import type { Keys } from './keys.ts';

const below = (nodeId: number): string => `runtime.members.${nodeId}.`;

export function noteLeft(keys: Keys, nodeId: number): void {
  keys.setText(`${below(nodeId)}status`, 'left');
}

/** Its addresses are those that it had when it came for the first time. */
export function noteJoined(keys: Keys, nodeId: number, addresses: readonly string[]): void {
  const key = below(nodeId);
  const count = keys.integer(`${key}join_count`);
  if (count === undefined)
    keys.setText(`${key}ip`, addresses.map((address, link) => `r(${link}) ip(${address}) `).join(''));
  keys.setInteger('uint32', `${key}join_count`, (count ?? 0) + 1);
  keys.setText(`${key}status`, 'joined');
}

/** A node has said which version of the configuration it has. */
export function noteConfigVersion(keys: Keys, nodeId: number, version: number): void {
  keys.set(`${below(nodeId)}config_version`, { type: 'uint64', value: BigInt(version) });
}
