import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { nodeAddresses, OtherNode } from '../helpers/corosync/other-node.ts';
import { PrivateCorosync } from '../helpers/corosync/private-corosync.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';
import { TableProcess } from '../helpers/cpg-table/table-process.ts';
import { eachRound } from '../helpers/faults/fault-rounds.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const OPTIONS = { nodes: nodeAddresses(2), config: { totem: 'token: 1000' } };
/** Within it a new member has its table, with luck. */
const ROUND_MS = 400;
const PATIENCE = { timeoutMs: 30_000 };
/** Seventeen processes start, one after the other. */
const LONG = 180_000;

async function agree(members: readonly TableProcess[], expected: string): Promise<void> {
  await waitUntil(`all have ${expected}`, () => members.every(({ table }) => table === expected), PATIENCE);
}

describeIntegration('the table of docs/cpg.md', () => {
  it(
    'comes to new members, though who is to send it is killed at any moment',
    async () => {
      await using corosync = await PrivateCorosync.start();
      let elder = new TableProcess();
      elder.set('round', '0');
      await agree([elder], "{ round: '0' }");
      await eachRound(8, async (random, index) => {
        // The first by name is asked for the table, and that is most often the older one.
        const younger = new TableProcess();
        await agree([younger], elder.table);
        const newcomer = new TableProcess();
        await sleep(random.below(ROUND_MS));
        await elder.killed();
        younger.set('round', `${index + 1}`);
        await agree([younger, newcomer], `{ round: '${index + 1}' }`);
        await newcomer.killed();
        elder = younger;
      });
      await elder.killed();
      expect(corosync.running).toBe(true);
    },
    LONG,
  );

  it('is that of the part with more updates, when two come together', async () => {
    await using other = await OtherNode.start(2, OPTIONS);
    await using corosync = await PrivateCorosync.start(OPTIONS);
    await using here = new TableProcess();
    await using there = new TableProcess(other.inside);
    here.set('a', 'both');
    await agree([here, there], "{ a: 'both' }");
    await other.unplug();
    here.set('a', 'here');
    await agree([here], "{ a: 'here' }");
    for (const text of ['there', 'there, too']) there.set('a', text);
    await agree([there], "{ a: 'there, too' }");
    await other.plugIn();
    await agree([here, there], "{ a: 'there, too' }");
    expect([corosync.exitCode, other.exitCode]).toEqual([undefined, undefined]);
  });
});
