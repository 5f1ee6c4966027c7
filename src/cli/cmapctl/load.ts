import type { CmapMap, CmapValue } from '../../index.ts';
import { toKey, type ByteString } from '../drop-in/bytes.ts';
import { CallQueue } from './call-queue.ts';
import type { CmapctlClient, Environment } from './environment.ts';
import { ToolFailure, systemErrorText } from '../drop-in/tool-failure.ts';
import { cannotDelete, deletePrefix } from './key-actions.ts';
import { cannotSet, plainValue, valueToSet, type Assignment } from './set-key.ts';
import { LineCutter, parseSetting, type Setting } from './settings-file.ts';
import { isSafeToSet } from './safe-set.ts';

/**
 * -p. The C tool waits for each line and exits at the first set that fails, so no later line may have
 * taken effect then. Lines are sent without waiting as long as corosync cannot refuse them for a reason
 * of the map (see isSafeToSet); a set in doubt waits for all before it, and all after wait for it.
 */
export async function loadSettings(
  client: CmapctlClient,
  { file, map }: { readonly file: ByteString; readonly map: CmapMap },
  environment: Environment,
): Promise<void> {
  const loader = new Loader(client, map, environment);
  const cutter = new LineCutter();
  try {
    for await (const piece of environment.readPieces(file)) {
      await loader.load(cutter.feed(piece));
      // Whoever writes the file, if it is a pipe, may take long to write more.
      await loader.finish();
    }
    await loader.load(cutter.end());
  } catch (error) {
    await loader.finish();
    if (error instanceof ToolFailure) throw error;
    environment.complain(`Couldn't open file.: ${systemErrorText(error)}`);
  }
  await loader.finish();
}

class Loader {
  readonly #client: CmapctlClient;
  readonly #map: CmapMap;
  readonly #environment: Environment;
  readonly #queue = new CallQueue();

  constructor(client: CmapctlClient, map: CmapMap, environment: Environment) {
    this.#client = client;
    this.#map = map;
    this.#environment = environment;
  }

  async load(lines: readonly ByteString[]): Promise<void> {
    for (const line of lines) {
      const setting = parseSetting(line);
      if (setting === undefined) continue;
      // Only a promise is awaited: nearly every line is a plain value, and there may be many.
      const applied = this.#apply(setting);
      if (applied === true || (applied !== false && (await applied))) await this.#queue.drain();
    }
  }

  finish(): Promise<void> {
    return this.#queue.drain();
  }

  /** Returns true if the queue must be drained before the next line. */
  #apply(setting: Setting): boolean | Promise<boolean> {
    switch (setting.kind) {
      case 'set':
        return this.#assign(setting);
      case 'delete':
        return this.#delete(setting.key);
      case 'delete-prefix':
        return this.#deletePrefix(setting.prefix);
      case 'incomplete':
        throw new ToolFailure(`Both type and value for key ${setting.key} are required`);
    }
  }

  #assign(setting: Assignment): boolean | Promise<boolean> {
    const value = plainValue(setting);
    if (value !== undefined && isSafeToSet(this.#map, setting.key, value))
      return this.#send(setting.key, value);
    return this.#assignWaiting(setting);
  }

  async #assignWaiting(setting: Assignment): Promise<boolean> {
    const value = await valueToSet(setting, this.#environment);
    const safe = isSafeToSet(this.#map, setting.key, value);
    if (!safe) await this.#queue.drain();
    return this.#send(setting.key, value) || !safe;
  }

  async #deletePrefix(prefix: ByteString): Promise<boolean> {
    await this.#queue.drain();
    await deletePrefix(this.#client, prefix, this.#environment);
    return false;
  }

  #send(key: ByteString, value: CmapValue): boolean {
    const done = this.#client.set(toKey(key), value);
    return this.#queue.add(done, (error) => {
      throw cannotSet(key, error);
    });
  }

  #delete(key: ByteString): boolean {
    return this.#queue.add(this.#client.delete(toKey(key)), (error) =>
      this.#environment.complain(cannotDelete(key, error)),
    );
  }
}
