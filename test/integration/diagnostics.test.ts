import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, expect, it } from 'vitest';
import {
  CfgClient,
  CmapClient,
  QuorumClient,
  VotequorumClient,
  type CallTrace,
  type ConnectTrace,
  type EventTrace,
  type LostTrace,
} from '../../src/index.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import { waitUntil } from '../helpers/wait-until.ts';

interface Told {
  readonly connect: ConnectTrace[];
  readonly call: CallTrace[];
  readonly event: EventTrace[];
  readonly lost: LostTrace[];
}

describeOnCorosync('who traces', (suite) => {
  const undo: (() => void)[] = [];
  afterEach(() => undo.splice(0).forEach((unsubscribeOne) => unsubscribeOne()));

  /** All that is told until the end of the test. */
  const listen = (): Told => {
    const told: Told = { connect: [], call: [], event: [], lost: [] };
    for (const [name, traces] of Object.entries(told) as [string, unknown[]][]) {
      const onTrace = (trace: unknown): void => void traces.push(trace);
      subscribe(`corosync-client:${name}`, onTrace);
      undo.push(() => unsubscribe(`corosync-client:${name}`, onTrace));
    }
    return told;
  };

  const services = {
    cmap: async () => {
      const client = await CmapClient.connect();
      await client.get('totem.version');
      return client;
    },
    quorum: async () => {
      const client = await QuorumClient.connect();
      await client.getQuorate();
      return client;
    },
    votequorum: async () => {
      const client = await VotequorumClient.connect();
      await client.getInfo();
      return client;
    },
    cfg: async () => {
      const client = await CfgClient.connect();
      await client.localNodeId();
      return client;
    },
  };

  it.each(Object.entries(services))('hears of each connection and call to %s', async (service, use) => {
    const told = listen();
    const client = await use();
    const place = { service, socket: `@${service}`, transport: suite.transport };
    expect(told.connect).toEqual([expect.objectContaining({ ...place, bufferSize: client.bufferSize })]);
    expect(told.call.at(-1)).toMatchObject({ ...place, status: 'CS_OK', sent: 'yes' });
    expect(new Set(told.call.map((call) => call.service))).toEqual(new Set([service]));
    await client.close();
    expect(told.lost).toEqual([]);
  });

  it('hears of events, but not of values', async () => {
    const told = listen();
    const client = await suite.connect();
    const keys: string[] = [];
    await using tracker = await client.track('trace.', {
      prefix: true,
      listener: (event) => {
        if (event.kind === 'notification') keys.push(event.key);
      },
    });
    await client.set('trace.key', { type: 'string', value: 'a secret' });
    await waitUntil('the notification has come', () => keys.length === 1);
    expect(told.event).toEqual([expect.objectContaining({ service: 'cmap', id: 9 })]);
    expect(JSON.stringify(told)).not.toContain('secret');
    expect(tracker).toBeDefined();
  });
});
