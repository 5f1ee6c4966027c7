/** The part of the package unix-dgram that is used here; it has no types of its own. */
declare module 'unix-dgram' {
  import type { EventEmitter } from 'node:events';

  export interface Socket extends EventEmitter {
    /** Binds, or emits 'error' before it returns. */
    bind(path: string): void;
    /** Sends at once; `onDone` is called before it returns. */
    send(
      bytes: Buffer,
      offset: number,
      length: number,
      path: string,
      onDone: (error?: Error & { code?: number }) => void,
    ): void;
    close(): void;
  }

  interface UnixDgram {
    createSocket(type: 'unix_dgram', onMessage?: (bytes: Buffer) => void): Socket;
  }
  const unixDgram: UnixDgram;
  export default unixDgram;
}
