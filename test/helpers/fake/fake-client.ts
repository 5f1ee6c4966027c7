import {
  connectIpc,
  type FirstRequest,
  type IpcConnection,
  type IpcOptions,
} from '../../../src/ipc/index.ts';
import type { ScriptedServer } from '../wire/scripted-server.ts';
import { fakeListener, type FakeListener } from './fake-listener.ts';

const DEFAULTS: Omit<IpcOptions, keyof ScriptedServer['options']> = {
  service: 'cmap',
  timeoutMs: 5000,
  signal: undefined,
  tryAgainAttempts: 0,
  tryAgainDelayMs: 10,
};

/** A connection of ours to a fake corosync. */
export async function connectTo(
  corosync: { readonly options: ScriptedServer['options'] },
  hears: Partial<FakeListener> = {},
  first?: FirstRequest,
): Promise<IpcConnection> {
  return connectIpc({ ...DEFAULTS, ...corosync.options }, { ...fakeListener(), ...hears }, first);
}
