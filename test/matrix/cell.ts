import { CmapClient, CsError, type CmapConnectOptions, type CsErrorName } from 'corosync-client';
import { PrivateCorosync } from '../helpers/corosync/private-corosync.ts';
import { ipcTypeOf, type Transport } from './results.ts';

/** One corosync, one transport, one runtime: what the checks of a cell share. */
export class Cell {
  readonly transport: Transport;
  /** Runs a JavaScript file with the runtime of this cell; a piece of shell. */
  readonly runtime: string;
  #corosync: PrivateCorosync | undefined;
  readonly #clients: CmapClient[] = [];

  constructor(transport: Transport, runtime: string) {
    this.transport = transport;
    this.runtime = runtime;
  }

  get corosync(): PrivateCorosync {
    if (this.#corosync === undefined) throw new Error('corosync is not started');
    return this.#corosync;
  }

  /** One of the package's programs, as a command for a shell. */
  program(name: 'main' | 'cmapctl-main'): string {
    return `${this.runtime} '${import.meta.dirname}/node_modules/corosync-client/dist/cli/${name}.cjs'`;
  }

  async start(): Promise<void> {
    this.#corosync = await PrivateCorosync.start({ ipcType: ipcTypeOf(this.transport) });
  }

  async stop(): Promise<void> {
    if (this.#corosync?.running === true) {
      this.kill('SIGTERM');
      await this.#corosync.exited();
    }
    await this.#corosync?.stop();
  }

  /** By its pid: Deno takes a child for ended as soon as its `kill` is called, whatever the signal. */
  kill(signal: NodeJS.Signals): void {
    process.kill(this.corosync.pid, signal);
  }

  /** A connection that is closed after the check. */
  async connect(options: CmapConnectOptions = {}): Promise<CmapClient> {
    const client = await CmapClient.connect(options);
    this.#clients.push(client);
    return client;
  }

  async closeClients(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.close()));
  }

  /** What corosync has said at warning or above since the last look. knet's lines are about the network. */
  complaints(): string[] {
    const lines = this.corosync.logLines('warning').filter((line) => !/\[KNET +\]/.test(line));
    this.corosync.markLog();
    return lines;
  }
}

/** One thing that must hold in every cell. */
export interface Check {
  readonly name: string;
  /** Rejects if it does not hold. */
  readonly run: (cell: Cell) => Promise<void>;
}

/** CS_OK, or the code of the CsError that the call failed with. Any other failure is the check's. */
export async function codeOf(call: Promise<unknown>): Promise<CsErrorName> {
  try {
    await call;
    return 'CS_OK';
  } catch (error) {
    if (error instanceof CsError) return error.code;
    throw error;
  }
}
