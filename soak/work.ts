import type { NamedPicture } from './protocol.ts';

/** A role: many small pieces of work, between which it can be quiet. */
export interface Work {
  /** Does one piece. */
  step(): Promise<void>;
  /** Finishes what is under way. */
  rest(): Promise<void>;
  stop(): Promise<void>;
  /** What its followers know. */
  pictures?(): NamedPicture[];
}
