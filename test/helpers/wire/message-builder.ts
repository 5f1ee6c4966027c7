/**
 * Every message that a golden file or a test can name, with its builder. The builders share nothing with src/codec: a mistake
 * in one cannot hide in the other. Each stands for one C struct, in the file of its service.
 */
import * as cfg from './cfg-messages.ts';
import * as cmap from './cmap-messages.ts';
import * as connection from './connection-messages.ts';
import { reqHeaderOnly, resHeaderOnly, type Message } from './message.ts';
import * as cpg from './cpg-messages.ts';
import * as quorum from './quorum-messages.ts';
import * as votequorum from './votequorum-messages.ts';

export * from './cmap-messages.ts';
export * from './connection-messages.ts';
export * from './message.ts';

/** Every builder under the name the golden files use for its message. */
export const builders = {
  ...cfg,
  ...cmap,
  ...cpg,
  ...connection,
  ...quorum,
  ...votequorum,
  reqHeaderOnly,
  resHeaderOnly,
} as const;

export type BuilderName = keyof typeof builders;

/** What a message says, without its bytes: the name of its builder and the fields to give to it. */
export type MessageFields = {
  [Name in BuilderName]: { readonly message: Name } & Parameters<(typeof builders)[Name]>[0];
}[BuilderName];

export function build(fields: MessageFields): Message {
  // The union makes sure that the fields fit the builder; TypeScript cannot follow that through the lookup.
  const builder = builders[fields.message] as (given: MessageFields) => Message;
  return builder(fields);
}

/** Where the bytes differ from what the builder says; empty is as it should be. Padding may hold anything. */
export function differences(bytes: Uint8Array, expected: Message): string[] {
  const wanted = expected.toBytes();
  if (bytes.length !== wanted.length) return [`${bytes.length} bytes instead of ${wanted.length}`];
  const offsets = [...wanted.keys()].filter((at) => bytes[at] !== wanted[at] && !expected.padding().has(at));
  return offsets.map((at) => `byte ${at}: ${bytes[at] ?? ''} instead of ${wanted[at] ?? ''}`);
}

/** Padding bytes that are not zero. */
export function dirtyPadding(bytes: Uint8Array, expected: Message): number[] {
  return [...expected.padding()].filter((at) => bytes[at] !== 0);
}
