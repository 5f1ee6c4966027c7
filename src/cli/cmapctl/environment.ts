import type { CmapClient, CmapMap } from '../../index.ts';
import type { ByteString } from './bytes.ts';

/** The part of the client that the drop-in uses. */
export type CmapctlClient = Pick<
  CmapClient,
  'get' | 'set' | 'delete' | 'keys' | 'entries' | 'track' | 'close' | 'whenClosed'
>;

/** Everything outside that the drop-in touches, so that tests can bring their own. */
export interface Environment {
  readonly posixlyCorrect: boolean;
  readonly signedChar: boolean;
  connect(map: CmapMap): Promise<CmapctlClient>;
  /** To standard output, sooner or later. */
  write(text: ByteString): void;
  /** What was written goes out now. */
  flush(): void;
  /** One line to standard error. */
  complain(line: ByteString): void;
  /** All of a file, or of standard input if the name is "-". Rejects if it cannot be opened. */
  readBinary(name: ByteString): Promise<Uint8Array>;
  /** A file piece by piece. Rejects if it cannot be opened; ends quietly if it cannot be read. */
  readPieces(name: ByteString): AsyncIterable<ByteString>;
  /** Resolves once standard input tells a tracking run to end. */
  waitForQuit(): Promise<void>;
}
