import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { CmapClient, CmapSession, type CmapValue, type SessionStatus } from '../../../src/index.ts';
import { sameValue } from '../../../src/cmap/following/same-value.ts';
import { Ledger } from './fault-ledger.ts';
import { FollowReader } from '../follow-reader.ts';
import type { Random } from '../integration/integration-random.ts';
import { waitUntil } from '../wait-until.ts';

const run = promisify(execFile);
const KEYS = 60;

/** Soon, or a test would take long: faults come one after the other. */
const BACK_OFF = { firstDelayMs: 20, maxDelayMs: 200, deniedDelayMs: 200 };

function keyOf(n: number): string {
  return `fault.key${n}`;
}

/** One session with followers, through any number of faults, and everything that it has said. */
export class FollowedSession implements AsyncDisposable {
  readonly session = CmapSession.open({ backOff: BACK_OFF });
  readonly statuses: SessionStatus[] = [];
  readonly readers: readonly FollowReader[];
  readonly reads = new Ledger();
  readonly changes = new Ledger();
  readonly #statusesEnded: Promise<void>;

  constructor() {
    const { session } = this;
    this.#statusesEnded = this.#readStatuses();
    this.readers = [
      new FollowReader(session.follow('fault.', { prefix: true })),
      new FollowReader(session.follow(keyOf(3))),
      new FollowReader(session.follow('totem.', { prefix: true })),
      new FollowReader(session.follow('runtime.members.', { prefix: true })),
    ];
  }

  count(state: SessionStatus['state']): number {
    return this.statuses.filter((status) => status.state === state).length;
  }

  /** Reads and changes, as long as `going` says; each settles. */
  async useIt(random: Random, going: () => boolean, timeoutMs = 30_000): Promise<void> {
    while (going()) {
      const n = random.below(KEYS);
      await Promise.all([
        this.reads.expect(2, () => this.session.getUint32('totem.version', { timeoutMs })),
        this.changes.call(() => this.session.setUint32(keyOf(n), random.below(100), { timeoutMs })),
      ]);
    }
  }

  /** Every follower's reader has what the map holds: as a fresh client reads it, and as corosync-cmapctl prints it. */
  async expectPictures(): Promise<string[]> {
    await using client = await CmapClient.connect();
    const problems: string[] = [];
    for (const reader of this.readers) {
      const { key, prefix } = reader.follower;
      const map = new Map<string, CmapValue>();
      const isSame = async (): Promise<boolean> => {
        map.clear();
        for await (const entry of client.entries(key))
          if (prefix || entry.key === key) map.set(entry.key, entry.value);
        return samePicture(reader.values, map) && samePicture(reader.follower.values, map);
      };
      await waitUntil(`the picture of ${key} is that of the map`, isSame).catch((error: unknown) =>
        problems.push(String(error), ...differences(reader.values, map)),
      );
      problems.push(...reader.problems, ...differences(await printed(key, prefix), map));
      if (reader.snapshots !== 1) problems.push(`${reader.snapshots} snapshots of ${key}`);
    }
    return problems;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session.close();
    await this.#statusesEnded;
    await Promise.all(this.readers.map((reader) => reader.done));
  }

  async #readStatuses(): Promise<void> {
    for await (const status of this.session.statuses()) this.statuses.push(status);
  }
}

/** Other contents of the map: some keys change, some go, some stay as they are. */
export async function shuffleKeys(client: CmapClient, random: Random): Promise<void> {
  const changes = Array.from({ length: KEYS }, (_, n) => {
    if (random.below(3) === 0) return client.delete(keyOf(n)).catch(() => undefined);
    return client.setUint32(keyOf(n), random.below(3));
  });
  await Promise.all(changes);
}

/** What corosync-cmapctl prints of the numbers and texts there. */
async function printed(key: string, prefix: boolean): Promise<Map<string, CmapValue>> {
  const { stdout } = await run('corosync-cmapctl', [key]).catch(() => ({ stdout: '' }));
  const values = new Map<string, CmapValue>();
  for (const [, name = '', type = '', value = ''] of stdout.matchAll(/^(\S+) \((\w+)\) = (.*)$/gm)) {
    if (!prefix && name !== key) continue;
    if (type === 'str') values.set(name, { type: 'string', value });
    else if (type === 'u64') values.set(name, { type: 'uint64', value: BigInt(value) });
    else values.set(name, { type: type.replace('u', 'uint') as 'uint32', value: Number(value) });
  }
  return values;
}

function samePicture(one: ReadonlyMap<string, CmapValue>, other: ReadonlyMap<string, CmapValue>): boolean {
  return one.size === other.size && [...one].every(([key, value]) => sameValue(value, other.get(key)));
}

function differences(one: ReadonlyMap<string, CmapValue>, other: ReadonlyMap<string, CmapValue>): string[] {
  const keys = new Set([...one.keys(), ...other.keys()]);
  return [...keys].flatMap((key) => {
    const [here, there] = [one.get(key), other.get(key)];
    return sameValue(here, there) ? [] : [`${key}: ${show(here)}, in the map ${show(there)}`];
  });
}

function show(value: CmapValue | undefined): string {
  return value === undefined ? 'nothing' : `${value.type} ${String(value.value)}`;
}
