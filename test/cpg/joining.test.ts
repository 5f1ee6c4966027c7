import { expect, it } from 'vitest';
import { CpgClient } from '../../src/index.ts';
import { FakeCorosync } from '../../src/testing/index.ts';

it.each([true, false])(
  'is told first, also where the nodes change meanwhile (initialRing: %s)',
  async (initialRing) => {
    await using fake = await FakeCorosync.start({ cluster: { nodes: 3 } });
    await using client = await CpgClient.connect(fake.connectOptions);
    const told: string[] = [];
    fake.cpg.hold();
    const joined = client.join('chat', {
      pid: 7,
      initialRing,
      listener: (event) =>
        void told.push(event.kind === 'message' ? event.kind : `${event.kind} ${event.members.length}`),
    });
    await client.localNodeId();
    await client.localNodeId(); // by now the join has been taken
    fake.cluster.isolate(3);
    await client.localNodeId();
    fake.cpg.release();
    await joined;
    await client.leave();
    expect(told[0]).toBe('membership 1');
    expect(told.at(-1)).toBe('membership 0');
    expect(new Set(told.slice(1, -1))).toEqual(new Set(initialRing ? ['ring 2'] : []));
  },
);
