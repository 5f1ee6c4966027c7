import { setTimeout as sleep } from 'node:timers/promises';
import { CmapClient } from '../src/index.ts';
import { Random } from '../test/helpers/integration/integration-random.ts';
import { wireOf } from '../test/helpers/integration/integration-values.ts';
import { show } from '../test/properties/model.ts';
import { waitUntil } from '../test/helpers/wait-until.ts';
import { Neighbour } from './neighbour.ts';
import type { NamedPicture, Picture, Role, WorkerTask } from './protocol.ts';
import { FOLLOWED, ROOT } from './protocol.ts';
import type { Server } from './server.ts';
import { freshMembers, freshPicture, STATES } from './states.ts';
import type { Totals } from './totals.ts';
import { WorkerProcess } from './worker-process.ts';

const ROLES: readonly Role[] = [
  'caller',
  'caller',
  'caller',
  'tracker',
  'session',
  'session',
  'services',
  'groups',
  'groups',
];
/** Between two quiet points. */
const TURBULENCE_MS = 6000;
const CATCH_UP_MS = 20_000;
const MOST_HEAP_GROWTH = 32 * 1024 * 1024;
/** Descriptors that Node itself opens now and then. */
const DESCRIPTOR_SLACK = 3;

/** Disturbs everybody for a while, lets everybody come to rest, compares, and so on. */
export class Director {
  readonly #server: Server;
  readonly #totals: Totals;
  readonly #random: Random;
  readonly #neighbour: Neighbour;
  readonly #workers: WorkerProcess[];
  /** The first quiet footprint of each worker, after it has loaded and warmed up. */
  readonly #footprints = new Map<string, { descriptors: number; heapBytes: number }>();
  #started = 0;

  constructor(server: Server, totals: Totals, seed: number) {
    this.#server = server;
    this.#totals = totals;
    this.#random = new Random(seed);
    this.#neighbour = new Neighbour(totals);
    this.#workers = ROLES.map((role) => this.#startWorker(role));
  }

  /** One round. */
  async run(untilMs: number): Promise<void> {
    const end = Math.min(performance.now() + TURBULENCE_MS, untilMs);
    while (performance.now() < end) {
      await sleep(this.#random.below(600));
      await this.#disturb();
    }
    await this.#quietPoint();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
    await this.#neighbour.stop();
    await this.#server.checkQuiet([]);
  }

  #startWorker(role: Role): WorkerProcess {
    this.#started += 1;
    const task: WorkerTask = { role, name: `${role}-${this.#started}`, seed: this.#random.below(2 ** 31) };
    return new WorkerProcess(task, this.#totals);
  }

  #disturb(): Promise<void> {
    const dice = this.#random.below(100);
    if (dice < 25) return this.#do('worker pauses', () => this.#pauseWorker());
    if (dice < 35) return this.#do('workers killed', () => this.#killWorker());
    if (dice < 60) return this.#do('reloads', () => this.#server.reload());
    if (dice < 80) return this.#do('pauses', () => this.#server.pause(this.#random.below(800)));
    if (dice < 90) return this.#do('starvations', () => this.#server.starve(200 + this.#random.below(500)));
    return this.#do('restarts', () => this.#restart());
  }

  async #do(what: string, action: () => Promise<void>): Promise<void> {
    await this.#neighbour.disturb(what, action);
    this.#totals.count(what);
  }

  async #restart(): Promise<void> {
    const signal = this.#random.pick(['SIGKILL', 'SIGKILL', 'SIGTERM'] as const);
    await this.#server.restart(signal, this.#random.below(500), () => this.#pids());
    await this.#neighbour.startAgain();
  }

  /** Those whose connections must not outlive them; the C peer's may, libqb leaves an empty directory. */
  #pids(): number[] {
    return this.#workers.filter((worker) => worker.alive).map((worker) => worker.pid);
  }

  async #pauseWorker(): Promise<void> {
    const worker = this.#random.pick(this.#workers);
    worker.kill('SIGSTOP');
    await sleep(this.#random.below(700));
    worker.kill('SIGCONT');
  }

  async #killWorker(): Promise<void> {
    const index = this.#random.below(this.#workers.length);
    const worker = this.#workers[index];
    if (worker === undefined) return;
    await worker.die();
    this.#workers[index] = this.#startWorker(worker.task.role);
  }

  /** Nobody changes anything: every picture must be the map. */
  async #quietPoint(): Promise<void> {
    for (const worker of this.#workers) await this.#checkFootprint(worker);
    await using client = await CmapClient.connect();
    for (const prefix of FOLLOWED) {
      const picture = await pictureOf(client, prefix);
      await this.#compare('session', { prefix, picture });
    }
    for (const name of STATES) await this.#compare('services', await freshPicture(name));
    await this.#compare('groups', await freshMembers());
    await this.#server.checkQuiet([...this.#pids(), this.#neighbour.pid, process.pid]);
    await removeAll(client);
    this.#totals.count('quiet points');
    for (const worker of this.#workers) worker.go();
  }

  async #checkFootprint(worker: WorkerProcess): Promise<void> {
    const { name } = worker.task;
    const now = await worker.quiet();
    const first = this.#footprints.get(name);
    if (first === undefined) {
      this.#footprints.set(name, now);
      return;
    }
    const growth = now.heapBytes - first.heapBytes;
    this.#totals.heapGrowthBytes = Math.max(this.#totals.heapGrowthBytes, growth);
    if (growth > MOST_HEAP_GROWTH) this.#totals.leak(`${name}: its heap has grown by ${growth} bytes`);
    if (now.descriptors > first.descriptors + DESCRIPTOR_SLACK)
      this.#totals.leak(`${name}: ${now.descriptors} descriptors, ${first.descriptors} at first`);
  }

  async #compare(role: Role, { prefix, picture: fresh }: NamedPicture): Promise<void> {
    for (const worker of this.#workers.filter(({ task }) => task.role === role)) {
      let different: string[] = [];
      const look = async (): Promise<boolean> => {
        const pictures = (await worker.pictures()).filter((one) => one.prefix === prefix);
        different = pictures.flatMap(({ picture }) => differences(picture, fresh));
        return pictures.length > 0 && different.length === 0;
      };
      await waitUntil('the picture is what a fresh client reads', look, { timeoutMs: CATCH_UP_MS }).catch(
        () => {
          const shown = different.slice(0, 5).join('; ');
          this.#totals.mismatch(
            `${worker.task.name}: its picture of ${prefix} is not what a fresh client reads: ${shown}`,
          );
        },
      );
      if (role === 'session') this.#totals.count('pictures compared', 2);
      else this.#totals.count('states compared');
    }
  }
}

async function pictureOf(client: CmapClient, prefix: string): Promise<Picture> {
  const lines: string[] = [];
  for await (const { key, value } of client.entries(prefix)) lines.push(`${key} ${show(wireOf(value))}`);
  return lines.sort();
}

function differences(picture: Picture, map: Picture): string[] {
  return [
    ...map.filter((line) => !picture.includes(line)).map((line) => `missing ${line}`),
    ...picture.filter((line) => !map.includes(line)).map((line) => `not there ${line}`),
  ];
}

/** More than once: a key beside which another was added while an iterator rested on it survives its first deletion. */
async function removeAll(client: CmapClient): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const keys: string[] = [];
    for await (const { key } of client.keys(ROOT)) keys.push(key);
    if (keys.length === 0) return;
    await Promise.all(keys.map((key) => client.delete(key)));
  }
}
