import type { ByteString } from '../drop-in/bytes.ts';
import { toKey } from '../drop-in/bytes.ts';
import type { CmapctlClient, Environment } from './environment.ts';
import { ToolFailure, errorText } from '../drop-in/tool-failure.ts';
import { printKey, type PrintStyle } from './print-value.ts';

/** Prints all keys, or those below each prefix. The exit code is 1 if no prefix has any. */
export async function printPrefixes(
  client: CmapctlClient,
  prefixes: readonly ByteString[],
  style: PrintStyle,
  environment: Environment,
): Promise<number> {
  let found = false;
  for (const prefix of prefixes.length === 0 ? [''] : prefixes) {
    if (await printPrefix(client, prefix, style, environment)) found = true;
  }
  return found ? 0 : 1;
}

async function printPrefix(
  client: CmapctlClient,
  prefix: ByteString,
  style: PrintStyle,
  environment: Environment,
): Promise<boolean> {
  let found = false;
  try {
    for await (const { key, value } of client.entries(toKey(prefix))) {
      found = true;
      environment.write(printKey(key, value, style));
    }
  } catch (error) {
    // A listing that stops half-way is a failure here; the C tool says that it cannot get the value of a key, and exits with 0.
    throw new ToolFailure(
      found
        ? `Iteration ended early. Error ${errorText(error)}`
        : `Failed to initialize iteration. Error ${errorText(error)}`,
    );
  }
  return found;
}
