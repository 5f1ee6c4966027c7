import type { Connector } from '../cluster/connector.ts';
import type { ByteString } from './bytes.ts';
import type { ToolEnvironment } from './environment.ts';
import { ownMistake, ToolFailure } from './tool-failure.ts';

/** What the drop-ins for the tools of quorum and links touch outside. */
export interface ServicesEnvironment extends ToolEnvironment {
  readonly connect: Connector;
  now(): Date;
  /** Asks whoever sits at the terminal, and takes nothing but a yes for one. Where there is no terminal, it asks nobody: true. */
  confirm(question: ByteString): Promise<boolean>;
  /** The name of an address as getnameinfo(3) gives it; `undefined` if the resolver could not be asked. */
  resolve(address: string): Promise<ByteString | undefined>;
}

/** Before what cannot be taken back. Without a terminal, the tools do what they are told, as the C tools do. */
export async function confirm(
  environment: Pick<ServicesEnvironment, 'confirm'>,
  question: ByteString,
  yes: boolean,
): Promise<void> {
  if (yes || (await environment.confirm(`${question} [y/N] `))) return;
  throw new ToolFailure('Nothing was done.');
}

interface Closable {
  close(): Promise<void>;
}

/** The connections of one run; all of them end with it. */
export class Connections {
  readonly #opened: Closable[] = [];

  /** @param complaint what the tool says if it cannot be made, given the error */
  async open<T extends Closable>(
    connect: () => Promise<T>,
    complaint: (error: unknown) => ByteString,
  ): Promise<T> {
    try {
      const client = await connect();
      this.#opened.push(client);
      return client;
    } catch (error) {
      const mistake = ownMistake(error);
      throw new ToolFailure(mistake === undefined ? complaint(error) : `${complaint(error)}: ${mistake}`);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.map((client) => client.close()));
  }
}
