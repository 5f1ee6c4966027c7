import {
  connectIpc,
  type FirstRequest,
  type IpcConnection,
  type IpcOptions,
} from '../../../src/ipc/index.ts';
import { fakeListener, type FakeListener } from './fake-listener.ts';

const DEFAULTS: IpcOptions = {
  service: 'cmap',
  socketDirectory: undefined,
  sharedMemoryDirectory: undefined,
  bufferSize: 65_536,
  timeoutMs: 5000,
  signal: undefined,
  tryAgainAttempts: 0,
  tryAgainDelayMs: 10,
};

/** A connection of ours to a corosync, a fake one or the real one. */
export async function connectTo(
  corosync: { readonly options: Partial<IpcOptions> },
  hears: Partial<FakeListener> = {},
  first?: FirstRequest,
): Promise<IpcConnection> {
  return connectIpc({ ...DEFAULTS, ...corosync.options }, { ...fakeListener(), ...hears }, first);
}
