import fs from 'node:fs';
import { expect } from 'vitest';
import {
  CmapClient,
  type CmapTrackEvent,
  type CmapConnectOptions,
  type CsErrorName,
} from '../../src/index.ts';
import { FakeCorosync, type Fault } from '../../src/testing/index.ts';
import { errorOf, ourOutcome } from '../helpers/integration/integration-outcome.ts';
import { waitUntil } from '../helpers/wait-until.ts';

/** Milliseconds of every call: no call here may last until then, but those whose time is said to be up. */
const CALL_MS = 60_000;
/** For calls that are to end in CS_ERR_TIMEOUT, but are sent before, on any machine. */
export const IN_VAIN = { timeoutMs: 200 } as const;
const SOON = { everyMs: 1 };
/** Beyond pid_max: a client that looks whether its server lives finds that it does not. */
const NOBODY = 2 ** 22 + 1;

export interface Trial {
  readonly fake: FakeCorosync;
  readonly client: CmapClient;
  /** What a tracker of `fault.` has told. */
  readonly told: CmapTrackEvent[];
  readonly get: () => Promise<string>;
}

/** A fake with a key and a client that tracks it, and afterwards the proof that nothing is left of the client. */
export async function trial(
  use: (trial: Trial) => Promise<void>,
  options: CmapConnectOptions = {},
): Promise<void> {
  const timers = activeTimers();
  const fake = await FakeCorosync.start({
    entries: { 'fault.key': { type: 'string', value: 'value' } },
    pid: NOBODY,
  });
  try {
    const client = await CmapClient.connect({
      ...fake.connectOptions,
      timeoutMs: CALL_MS,
      bufferSize: 65_536,
      ...options,
    });
    const told: CmapTrackEvent[] = [];
    await client.track('fault.', { prefix: true, listener: (event) => void told.push(event) });
    await use({ fake, client, told, get: () => client.getString('fault.key') });
    client.destroy();
    await nothingIsLeft(fake, timers);
  } finally {
    await fake.stop();
  }
}

/** No client on the one side, no open file on the other, no ring file, and no timer that keeps the process up. */
async function nothingIsLeft(fake: FakeCorosync, timers: number): Promise<void> {
  const directory = fake.connectOptions.sharedMemoryDirectory ?? '';
  fake.faults.clear();
  await waitUntil('the server has lost its clients', () => fake.clients.length === 0, SOON);
  await waitUntil('no ring file is open', () => openFiles(directory).length === 0, SOON);
  await waitUntil('the ring files are gone', () => fs.readdirSync(directory).join() === 'cmap', SOON);
  await fake.stop();
  await waitUntil('no timer is set', () => activeTimers() <= timers, SOON);
  expect(fs.existsSync(directory)).toBe(false);
}

function activeTimers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
}

function openFiles(directory: string): string[] {
  return fs.readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = fs.readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(directory) ? [path] : [];
    } catch {
      return []; // the one that readdir had open
    }
  });
}

/** What a client can end with while it connects: the error's code, with how often the server was asked. */
export async function connectingUnder(
  faults: readonly Fault[],
  options: CmapConnectOptions = {},
): Promise<{ outcome: CsErrorName; connections: number }> {
  const timers = activeTimers();
  const fake = await FakeCorosync.start({ faults, pid: NOBODY });
  try {
    let client: CmapClient | undefined;
    const outcome = await ourOutcome(async () => {
      client = await CmapClient.connect({
        ...fake.connectOptions,
        timeoutMs: CALL_MS,
        bufferSize: 65_536,
        tryAgainAttempts: 1,
        tryAgainDelayMs: 10,
        ...options,
      });
    });
    const { connections } = fake.counters;
    client?.destroy();
    // Who gives up leaves the connection to corosync until it has answered.
    if (outcome === 'CS_ERR_TIMEOUT') for (const unanswered of fake.clients) unanswered.close();
    // A client that closes before it knows of the death does not look for files.
    if (fake.running) await nothingIsLeft(fake, timers);
    return { outcome, connections };
  } finally {
    await fake.stop();
  }
}

/** The connection must end, with a reason: what waits and what comes later fails with it. */
export async function expectClosed(
  { client }: Trial,
  reason: RegExp | CsErrorName = 'CS_ERR_LIBRARY',
): Promise<void> {
  const error = await client.whenClosed();
  expect(error).toMatchObject({ name: 'ConnectionError' });
  if (reason instanceof RegExp) expect(error?.message).toMatch(reason);
  else expect(error?.code).toBe(reason);
  expect((await errorOf(client.get('fault.key'))).code).toBe('CS_ERR_BAD_HANDLE');
}

/** The connection lives on: calls are answered. */
export async function expectAlive({ client, get }: Trial): Promise<void> {
  expect(client.closed).toBe(false);
  expect(await get()).toBe('value');
}
