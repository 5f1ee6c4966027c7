import { toKey, type ByteString } from '../drop-in/bytes.ts';
import type { CmapctlClient, Environment } from './environment.ts';
import { ToolFailure, errorText } from '../drop-in/tool-failure.ts';
import { printKey, type PrintStyle } from './print-value.ts';

/** -g: stops at the first key that it cannot get. Gets change nothing, so all of them go out at once. */
export async function getKeys(
  client: CmapctlClient,
  keys: readonly ByteString[],
  style: PrintStyle,
  environment: Environment,
): Promise<void> {
  const gets = keys.map((key) => client.get(toKey(key)));
  const results = await Promise.allSettled(gets);
  for (const [index, result] of results.entries()) {
    const key = keys[index] ?? '';
    if (result.status === 'rejected') {
      throw new ToolFailure(`Can't get key ${key}. Error ${errorText(result.reason)}`);
    }
    environment.write(printKey(key, result.value, style));
  }
}

/** -d: stops at the first key that it cannot delete. */
export async function deleteKeys(client: CmapctlClient, keys: readonly ByteString[]): Promise<void> {
  for (const key of keys) {
    try {
      await client.delete(toKey(key));
    } catch (error) {
      throw new ToolFailure(cannotDelete(key, error));
    }
  }
}

/** -D and "^^": deletes what it can, and says what it could not. */
export async function deletePrefix(
  client: CmapctlClient,
  prefix: ByteString,
  environment: Environment,
): Promise<void> {
  const keys = await keysBelow(client, prefix);
  const results = await Promise.allSettled(keys.map((key) => client.delete(key)));
  for (const [index, result] of results.entries()) {
    if (result.status === 'rejected') environment.complain(cannotDelete(keys[index] ?? '', result.reason));
  }
}

async function keysBelow(client: CmapctlClient, prefix: ByteString): Promise<string[]> {
  const keys: string[] = [];
  try {
    for await (const { key } of client.keys(toKey(prefix))) keys.push(key);
  } catch (error) {
    throw new ToolFailure(`Failed to initialize iteration. Error ${errorText(error)}`);
  }
  return keys;
}

export function cannotDelete(key: ByteString, error: unknown): ByteString {
  return `Can't delete key ${key}. Error ${errorText(error)}`;
}

/** -C: the C tool does not look at the outcome either. */
export async function clearStatistics(client: CmapctlClient, what: string): Promise<void> {
  await client.set(`stats.clear.${what}`, { type: 'uint32', value: 1 }).catch(() => undefined);
}
