import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fittingScreen, frame } from '../../../src/cli/status/frame.ts';
import { Cluster, type ClusterEvent, type ClusterState } from '../../../src/index.ts';
import { FakeCluster } from '../../../src/testing/index.ts';

// What a terminal shows of `status --watch`.

const lines = (text: string): string[] =>
  text
    .replaceAll(/\x1b\[[?\d;]*[A-Za-z]/g, '')
    .split('\n')
    .slice(0, -1);

describe('frame', () => {
  it('is the text from the first line of the terminal on, and nothing else', () => {
    expect(frame('one\ntwo\n')).toBe('\x1b[?7l\x1b[Hone\x1b[K\ntwo\x1b[K\n\x1b[J\x1b[?7h');
  });

  it.each([
    [4, ['1', '2', '3']],
    [3, ['1', '...']],
    [2, ['...']],
    [1, ['...']],
  ])('leaves a line of %d for the cursor, and says where something is missing', (rows, shown) => {
    expect(lines(frame('1\n2\n3\n', rows))).toEqual(shown);
  });
});

describe('fittingScreen', () => {
  let fake: FakeCluster;
  let state: ClusterState;
  let latest: ClusterEvent[];

  beforeEach(async () => {
    fake = await FakeCluster.start({ nodes: ['a', 'b', 'c'], links: 2 });
    const cluster = Cluster.open(fake.connectOptions);
    latest = [];
    for await (const event of cluster.events()) {
      latest = Array.from({ length: 8 }, (_, index) => ({ ...event, message: `event ${index}` }));
      break;
    }
    state = await cluster.ready();
    await cluster.close();
  });

  afterEach(() => fake.stop());

  const shown = (rows?: number): string[] =>
    lines(
      frame(
        fittingScreen(state, latest, (text) => text, rows),
        rows,
      ),
    );

  it('has all events where there is room', () => {
    expect(shown().filter((line) => line.includes('event'))).toHaveLength(8);
    expect(shown(50)).toEqual(shown());
  });

  it('of three nodes is whole in 24 lines, with the newest events', () => {
    const text = shown(24);
    expect(text.length).toBeLessThan(24);
    expect(text[0]).toBe('Quorate, 1 node can be lost.');
    expect(text.at(-1)).toContain('event 7');
    expect(text).not.toContain('...');
  });

  it('has no events where there is no room, and ends where the terminal does', () => {
    expect(shown(12)).toHaveLength(11);
    expect(shown(12)[0]).toBe('Quorate, 1 node can be lost.');
  });
});
