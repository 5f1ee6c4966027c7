import { CmapClient, type CmapTrackEvent, type CmapValue } from 'corosync-client';
import { FakeCorosync, type Fault } from 'corosync-client/testing';

export async function use(): Promise<string[]> {
  const cmap = await CmapClient.connect({ map: 'icmap', timeoutMs: 1000 });
  const value: CmapValue = await cmap.get('totem.cluster_name');
  const lines: string[] = [value.type];
  for await (const { key, value } of cmap.entries('nodelist.')) lines.push(key + value.type);
  const tracker = await cmap.track('runtime.', { prefix: true, events: ['modify'] });
  for await (const event of tracker) lines.push(line(event));
  await cmap.close();
  return lines;
}

function line(event: CmapTrackEvent): string {
  return event.kind === 'overflow' ? String(event.dropped) : event.key;
}

export async function useFake(): Promise<void> {
  const fault: Fault = { when: { step: 'response', request: 'get' }, do: { delayMs: 5 } };
  const fake = await FakeCorosync.start({ entries: { 'a.b': { type: 'uint8', value: 1 } }, faults: [fault] });
  const cmap = await CmapClient.connect(fake.connectOptions);
  fake.cmap.set('a.b', await cmap.get('a.b'));
  await cmap.close();
  await fake.stop();
}
