import type { CmapClient, CmapMap } from '../../index.ts';
import type { ByteString } from '../drop-in/bytes.ts';
import type { ToolEnvironment } from '../drop-in/environment.ts';

/** The part of the client that the drop-in uses. */
export type CmapctlClient = Pick<
  CmapClient,
  'get' | 'set' | 'delete' | 'keys' | 'entries' | 'track' | 'close' | 'whenClosed'
>;

/** Everything outside that the drop-in touches, so that tests can bring their own. */
export interface Environment extends ToolEnvironment {
  readonly signedChar: boolean;
  connect(map: CmapMap): Promise<CmapctlClient>;
  /** All of a file, or of standard input if the name is "-". Rejects if it cannot be opened. */
  readBinary(name: ByteString): Promise<Uint8Array>;
  /** A file piece by piece. Rejects if it cannot be opened; ends quietly if it cannot be read. */
  readPieces(name: ByteString): AsyncIterable<ByteString>;
  /** Resolves once standard input tells a tracking run to end. */
  waitForQuit(): Promise<void>;
}
