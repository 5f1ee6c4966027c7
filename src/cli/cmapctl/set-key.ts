import type { CmapValue } from '../../index.ts';
import { toKey, type ByteString } from '../drop-in/bytes.ts';
import type { CmapctlClient, Environment } from './environment.ts';
import { ToolFailure, errorText, systemErrorText } from '../drop-in/tool-failure.ts';
import { parseValue } from './parse-value.ts';

export interface Assignment {
  readonly key: ByteString;
  readonly type: ByteString;
  readonly value: ByteString;
}

/** -s */
export async function setKey(
  client: CmapctlClient,
  assignment: Assignment,
  environment: Environment,
): Promise<void> {
  const value = await valueToSet(assignment, environment);
  try {
    await client.set(toKey(assignment.key), value);
  } catch (error) {
    throw cannotSet(assignment.key, error);
  }
}

/** The value of an assignment that needs no reading and has nothing wrong with it; otherwise ask `valueToSet`. */
export function plainValue({ type, value: text }: Assignment): CmapValue | undefined {
  const parsed = parseValue(type, text);
  return parsed.kind === 'value' ? parsed.value : undefined;
}

/** The value that an assignment stands for; whatever is wrong with it is a ToolFailure. */
export async function valueToSet(
  { key, type, value: text }: Assignment,
  environment: Environment,
): Promise<CmapValue> {
  const parsed = parseValue(type, text);
  if (parsed.kind === 'error') throw new ToolFailure(parsed.message);
  if (parsed.kind === 'value') return parsed.value;
  const bytes = await readInput(parsed.name, environment);
  // The C tool has no pointer to pass for an empty file, and libcmap refuses that.
  if (bytes.length === 0) throw new ToolFailure(`Failed to set key ${key}. Error CS_ERR_INVALID_PARAM`);
  return { type: 'binary', value: bytes };
}

async function readInput(name: ByteString, environment: Environment): Promise<Uint8Array> {
  try {
    return await environment.readBinary(name);
  } catch (error) {
    throw new ToolFailure(`Can't open input file: ${systemErrorText(error)}`);
  }
}

export function cannotSet(key: ByteString, error: unknown): ToolFailure {
  return new ToolFailure(`Failed to set key ${key}. Error ${errorText(error)}`);
}
