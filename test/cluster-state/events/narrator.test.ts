import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClusterConfigDrift, ClusterState } from '../../../src/index.ts';
import type { Finding } from '../../../src/cluster/events/event-types.ts';
import { ConnectionError } from '../../../src/errors/index.ts';
import { Narrator } from '../../../src/cluster/events/narrator.ts';
import type { Told } from '../../../src/cluster/events/told.ts';
import { downCountKey } from '../../../src/cluster/figures/keys.ts';
import { FlapCounts } from '../../../src/cluster/live/flap-counts.ts';
import { clusterState } from '../../../src/cluster/picture.ts';
import type { ClusterReports } from '../../../src/cluster/reports.ts';
import { link, linksTo, listed, mapOf, seen, three, votes } from '../reports.ts';

const IDS = [1, 2, 3, 4] as const;
const OTHERS = [2, 3, 4] as const;
const LINKS = [0, 1] as const;
const HOLD = { members: 1000, links: 200 };
/** After which nothing is held back any more. */
const LONG_MS = 10_000;

/** A cluster, as its first node's corosync knows it, and what it has told. */
class Model {
  readonly members = new Set<number>(IDS);
  readonly connected = new Set(OTHERS.flatMap((id) => LINKS.map((number) => `${id}/${number}`)));
  readonly downs = new Map<string, number>();
  readonly told: Told[] = [];
  losses = 0n;
  seq = 4n;

  get quorate(): boolean {
    return this.members.size * 2 > IDS.length;
  }

  change(joined: readonly number[], left: readonly number[], lost: boolean): void {
    for (const id of left) this.members.delete(id);
    for (const id of joined) this.members.add(id);
    if (lost) this.losses += 1n;
    this.seq += 4n;
    const at = new Date();
    const ring = { nodeId: 1, seq: this.seq };
    this.told.push({ kind: 'membership', at, ring, members: [...this.members], joined, left });
    this.told.push({ kind: 'quorum', at, quorate: this.quorate });
  }

  setLink(name: string, connected: boolean): void {
    if (this.connected.has(name) === connected) return;
    if (connected) this.connected.add(name);
    else {
      this.connected.delete(name);
      this.downs.set(name, (this.downs.get(name) ?? 0) + 1);
    }
  }

  /** @param between happens after it was asked how often links went down, and before it was asked what they are */
  reports(between: () => void): ClusterReports {
    const counts = OTHERS.flatMap((id) =>
      LINKS.map(
        (number) => [downCountKey(id, number), (this.downs.get(`${id}/${number}`) ?? 0) + 1] as const,
      ),
    );
    const stats = mapOf({ ...Object.fromEntries(counts), 'stats.srp.operational_token_lost': this.losses });
    between();
    return {
      map: mapOf(
        Object.assign(
          { 'quorum.provider': 'corosync_votequorum' },
          ...IDS.map((id) => ({
            ...listed(id - 1, id),
            ...seen(id, this.members.has(id) ? 'joined' : 'left'),
          })),
        ) as Record<string, string | number | bigint>,
      ),
      localNodeId: 1,
      quorate: this.quorate,
      membership: { ring: { nodeId: 1, seq: this.seq }, members: [...this.members] },
      votes: new Map([...this.members].map((id) => [id, votes(id)])),
      links: new Map(
        OTHERS.map((id) => [
          id,
          linksTo(
            id,
            LINKS.map((number) => link({ connected: this.connected.has(`${id}/${number}`) })),
          ),
        ]),
      ),
      stats,
    };
  }
}

/** Follows a model, as a cluster does that is open. */
class Follower {
  readonly model = new Model();
  readonly findings: Finding[] = [];
  readonly #flaps = new FlapCounts();
  readonly #narrator = new Narrator((findings) => this.findings.push(...findings));
  #now = 0;
  first: ClusterState | undefined;
  last: ClusterState | undefined;

  read(between: () => void = () => undefined, passedMs = 100): void {
    const reports = this.model.reports(between);
    for (const told of this.model.told.splice(0)) this.#narrator.hear(told);
    this.#flaps.note(reports, false);
    const freshness = { kind: 'fresh', asOf: new Date() } as const;
    const state = clusterState(reports, freshness, { flaps: (name) => this.#flaps.of(name) });
    this.#now += passedMs;
    const noted = { changed: true, asked: new Date(), hold: HOLD, now: this.#now };
    this.#narrator.note({ state, ...noted });
    this.first ??= state;
    this.last = state;
  }

  stale(): void {
    this.#narrator.stale('not answering', undefined, this.last);
  }
}

/** What is known by a snapshot and the events after it; each must make sense. */
class Replay {
  readonly members: Set<number>;
  readonly up: Set<string>;
  quorate: boolean;
  downs = 0;

  constructor({ nodes, links = [], quorum }: ClusterState) {
    this.members = new Set(nodes.filter(({ state }) => state === 'member').map(({ id }) => id));
    this.up = new Set(links.filter(({ connected }) => connected).map((one) => `${one.nodeId}/${one.link}`));
    this.quorate = quorum.quorate;
  }

  take(finding: Finding): void {
    const name = 'link' in finding ? `${finding.nodeId}/${finding.link}` : '';
    if (finding.type === 'member.joined')
      this.#must(!this.members.has(finding.nodeId), finding).members.add(finding.nodeId);
    if (finding.type === 'member.left' || finding.type === 'member.failed')
      this.#must(this.members.delete(finding.nodeId), finding);
    if (finding.type === 'member.restarted') this.#must(this.members.has(finding.nodeId), finding);
    if (finding.type === 'quorum.lost') this.quorate = !this.#must(this.quorate, finding);
    if (finding.type === 'quorum.regained') this.quorate = !!this.#must(!this.quorate, finding);
    if (finding.type === 'link.up') this.#must(!this.up.has(name), finding).up.add(name);
    if (finding.type === 'link.down') this.#must(this.up.delete(name), finding).downs += 1;
    if (finding.type === 'link.flapped') this.downs += finding.times;
  }

  #must(holds: boolean, finding: Finding): this {
    expect(holds, `${finding.type}: ${finding.message}`).toBe(true);
    return this;
  }
}

type Happening = (model: Model) => void;

const others = fc.subarray([...OTHERS], { minLength: 1 });
const name = fc
  .tuple(fc.constantFrom(...OTHERS), fc.constantFrom(...LINKS))
  .map(([id, number]) => `${id}/${number}`);
const linkHappening: fc.Arbitrary<Happening> = fc.oneof(
  fc.tuple(name, fc.boolean()).map(
    ([which, up]) =>
      (model: Model) =>
        model.setLink(which, up),
  ),
  fc.tuple(name, fc.integer({ min: 1, max: 3 })).map(([which, times]) => (model: Model) => {
    for (let count = 0; count < times; count += 1) {
      model.setLink(which, false);
      model.setLink(which, true);
    }
  }),
);
const memberHappening: fc.Arbitrary<Happening> = fc.oneof(
  fc.tuple(others, fc.boolean()).map(([ids, lost]) => (model: Model) => {
    const left = ids.filter((id) => model.members.has(id));
    if (left.length > 0) model.change([], left, lost);
  }),
  others.map((ids) => (model: Model) => {
    const joined = ids.filter((id) => !model.members.has(id));
    if (joined.length > 0) model.change(joined, [], false);
  }),
  others.map((ids) => (model: Model) => {
    const both = ids.filter((id) => model.members.has(id));
    if (both.length > 0) model.change(both, both, true);
  }),
  fc.boolean().map((lost) => (model: Model) => model.change([], [], lost)),
);
const reading = fc.record({
  before: fc.array(fc.oneof(linkHappening, memberHappening), { maxLength: 4 }),
  between: fc.array(linkHappening, { maxLength: 2 }),
});

function follow(
  story: readonly { readonly before: readonly Happening[]; readonly between: readonly Happening[] }[],
): Follower {
  const follower = new Follower();
  follower.read();
  for (const { before, between } of story) {
    for (const happens of before) happens(follower.model);
    follower.read(() => {
      for (const happens of between) happens(follower.model);
    });
  }
  // What was held back, and what was counted late.
  follower.read(undefined, LONG_MS);
  follower.read(undefined, LONG_MS);
  return follower;
}

function firstOf({ first }: Follower): ClusterState {
  if (first === undefined) throw new Error('nothing was read');
  return first;
}

const all = (downs: ReadonlyMap<string, number>): number =>
  [...downs.values()].reduce((sum, count) => sum + count, 0);

describe('whatever happens', () => {
  it('is told: nothing that has not happened, nothing twice, and nothing is missing', () => {
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 12 }), (story) => {
        const follower = follow(story);
        const { findings, model } = follower;
        expect(findings[0]?.type).toBe('snapshot');
        const replay = new Replay(firstOf(follower));
        for (const finding of findings) replay.take(finding);
        expect([...replay.members].sort()).toEqual([...model.members].sort());
        expect([...replay.up].sort()).toEqual([...model.connected].sort());
        expect(replay.quorate).toBe(model.quorate);
        expect(replay.downs).toBe(all(model.downs));
      }),
      { numRuns: 500 },
    );
  });

  it('is told of each membership, in order', () => {
    fc.assert(
      fc.property(
        fc.array(memberHappening, { maxLength: 8 }),
        fc.integer({ min: 1, max: 8 }),
        (happenings, each) => {
          const follower = new Follower();
          follower.read();
          const expected: string[] = [];
          for (const [index, happens] of happenings.entries()) {
            const before = follower.model.told.length;
            happens(follower.model);
            for (const told of follower.model.told.slice(before)) {
              if (told.kind !== 'membership') continue;
              for (const id of told.left)
                expected.push(`${told.joined.includes(id) ? 'restarted' : 'gone'} ${id}`);
              for (const id of told.joined) if (!told.left.includes(id)) expected.push(`joined ${id}`);
            }
            if (index % each === 0) follower.read();
          }
          follower.read();
          const words = follower.findings.flatMap((finding) => {
            if (finding.type === 'member.left' || finding.type === 'member.failed')
              return [`gone ${finding.nodeId}`];
            if (finding.type === 'member.joined') return [`joined ${finding.nodeId}`];
            return finding.type === 'member.restarted' ? [`restarted ${finding.nodeId}`] : [];
          });
          expect(words).toEqual(expected);
        },
      ),
    );
  });

  it('is told apart: who left, and who vanished', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(others, fc.boolean()), { maxLength: 6 }), (departures) => {
        const follower = new Follower();
        const { model, findings } = follower;
        follower.read();
        for (const [ids, lost] of departures) {
          const before = findings.length;
          const left = ids.filter((id) => model.members.has(id));
          if (left.length === 0) continue;
          model.change([], left, lost);
          follower.read();
          const types = findings.slice(before).filter(({ type }) => type.startsWith('member.'));
          expect(types.map(({ type }) => type)).toEqual(
            left.map(() => (lost ? 'member.failed' : 'member.left')),
          );
          model.change(left, [], false);
          follower.read();
        }
      }),
    );
  });

  it('in a gap is told in the end, and what has not lasted is explained', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(linkHappening, memberHappening), { maxLength: 8 }), (happenings) => {
        const follower = new Follower();
        const { model, findings } = follower;
        follower.read();
        follower.stale();
        for (const happens of happenings) happens(model);
        const before = findings.length;
        follower.read();
        follower.read(undefined, LONG_MS);
        follower.read(undefined, LONG_MS);
        const replay = new Replay(firstOf(follower));
        for (const finding of findings) replay.take(finding);
        expect([...replay.members].sort()).toEqual([...model.members].sort());
        expect(replay.downs).toBe(all(model.downs));
        for (const id of OTHERS) {
          const about = findings.slice(before).filter((one) => 'nodeId' in one && one.nodeId === id);
          const unexplained = about.filter(
            ({ type, explainedBy }) => type.startsWith('member.') && explainedBy === undefined,
          );
          expect(unexplained).toHaveLength(model.members.has(id) ? 0 : 1);
        }
      }),
    );
  });
});

describe('the ring', () => {
  it('that is formed again and again for no reason is told once in a while', () => {
    const follower = new Follower();
    follower.read();
    const churns = (): Finding[] => follower.findings.filter(({ type }) => type === 'ring.churn');
    for (let times = 1; times <= 11; times += 1) {
      follower.model.change([], [], true);
      follower.read();
      expect(churns()).toHaveLength(times < 6 ? 0 : 1);
    }
    expect(churns()[0]).toMatchObject({
      times: 6,
      message: expect.stringContaining('6 times in 15 min') as string,
    });
    for (let times = 1; times <= 3; times += 1) {
      follower.model.change([], [4], false); // maintenance is no churn
      follower.model.change([4], [], false);
      follower.read();
    }
    expect(churns()).toHaveLength(1);
  });
});

describe('the drift of corosync.conf', () => {
  const token = { key: 'totem.token', file: '5000' };

  /** What is told of states one after the other, a second apart: where the file differs, or `undefined`. */
  function told(...drifts: (readonly ClusterConfigDrift[] | undefined)[]): readonly Finding[] {
    const findings: Finding[] = [];
    const narrator = new Narrator((found) => findings.push(...found));
    drifts.forEach((drift, second) => {
      const at = new Date(second * 1000);
      const state = clusterState({ ...three(), ...(drift && { drift }) }, { kind: 'fresh', asOf: at });
      const comparedAsOf = drift && { comparedAsOf: { file: at, quorum: at } };
      narrator.note({ state, changed: true, asked: at, ...comparedAsOf, hold: HOLD, now: second * 1000 });
    });
    return findings.slice(1);
  }

  it('is over where it was not known meanwhile', () => {
    expect(told([token], undefined, [])).toMatchObject([
      { type: 'config.drift', drift: [], notBefore: new Date(0) },
    ]);
  });

  it('is told once where it was not known meanwhile', () => {
    expect(told([], [token], undefined, [token])).toMatchObject([
      { type: 'config.drift', notBefore: new Date(0) },
    ]);
    expect(told(undefined, [token])).toHaveLength(1);
  });
});

describe('a corosync that is not there', () => {
  const message = (operation: string, errno?: string): unknown => {
    const findings: Finding[] = [];
    const narrator = new Narrator((found) => findings.push(...found));
    narrator.stale('disconnected', new ConnectionError('CS_ERR_LIBRARY', { operation, errno }), undefined);
    return findings.find(({ type }) => type === 'corosync.down')?.message;
  };

  it.each([
    ['connect', 'ECONNREFUSED'],
    ['connect', 'ENOENT'],
    ['connection', undefined],
  ])('is gone: %s %s', (operation, errno) => {
    expect(message(operation, errno)).toMatch(/^Corosync is gone: /);
  });

  it('is not said to be gone where shared memory is full', () => {
    expect(message('connect', 'ENOSPC')).toMatch(/^Corosync cannot be connected to: /);
  });
});
