import type { CsErrorName } from '../errors/index.ts';
import type { MessageReader } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';

/** One request of a corosync service with its response: all that the ipc layer must know to carry both. */
export interface RequestMessage<T> {
  /** The C function that this request stands for, for errors: `'cmap_get'`. */
  readonly operation: string;
  readonly key?: string;
  /** Bytes of the encoded request, header included. */
  readonly size: number;
  /** The most bytes its response can have: a batch's responses must fit the response ring together. */
  readonly maxResponseSize: number;
  readonly responseId: number;
  /** corosync looks into this request again when it handles the one that follows up: nothing may overwrite it before. */
  readonly readUntilFollowUp?: boolean;
  /** `cs_error_t` numbers that `decode` wants to see; any other than CS_OK rejects the call. */
  readonly expectedErrors?: readonly number[];
  /** What an answer with such an error means for this service, in words for the error's message. */
  readonly hints?: Partial<Record<CsErrorName, string>>;
  /** Whether it changes the map, and so may have taken effect though its answer never came: for errors. Default false. */
  readonly changes?: boolean;
  encode(into: MessageWriter): void;
  decode(response: MessageReader, csError: number): T;
}
