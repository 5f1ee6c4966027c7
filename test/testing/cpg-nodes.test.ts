import { afterEach, beforeEach, describe, it } from 'vitest';
import { FakeCorosync } from '../../src/testing/index.ts';
import { CPG_NODES, type RemoteMember, type ThreeNodes } from '../scenarios/cpg-nodes.ts';

let fake: FakeCorosync;
let pids = 100;

beforeEach(async () => {
  fake = await FakeCorosync.start({ cluster: { nodes: 3 } });
});

afterEach(() => fake.stop());

/** Scripts act at once. */
const done = (act: () => void): Promise<void> => Promise.resolve().then(act);

/** The pids of scripted processes are as free as those of any program. */
function join(nodeId: number, group: string): Promise<RemoteMember> {
  const process = { nodeId, pid: (pids += 1) };
  return Promise.resolve().then(() => {
    fake.cpg.join(group, process);
    return {
      ...process,
      mcast: (message) => done(() => fake.cpg.mcastFragments(group, process, message, 1_047_552)),
      leave: () => done(() => fake.cpg.leave(group, process)),
      die: () => done(() => fake.cpg.leave(group, process, 'process-down')),
    };
  });
}

describe('process groups on three nodes of the fake', () => {
  it.each(CPG_NODES)('$name', async (scenario) => {
    const nodes: ThreeNodes = {
      options: fake.connectOptions,
      join,
      cutOff: (...nodeIds) => done(() => fake.cluster.isolate(...nodeIds)),
      back: (...nodeIds) => done(() => fake.cluster.join(...nodeIds)),
      shutDown: (nodeId) => done(() => fake.cluster.shutDown(nodeId)),
      start: (nodeId) => done(() => fake.cluster.join(nodeId)),
      kill: (nodeId) => done(() => fake.cluster.lose(nodeId)),
    };
    await scenario.run(nodes);
  });
});
