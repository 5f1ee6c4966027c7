import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CmapClient, type CmapNotification, type CmapTracker, type CmapValue } from 'corosync-client';
import { PrivateCorosync } from '../test/helpers/corosync/private-corosync.ts';

/** Shows the main job live: a snapshot of a real corosync's map, then a tracker that prints what changes. */
async function main(): Promise<void> {
  title('Starting a corosync of one node, in namespaces of its own');
  await using corosync = await PrivateCorosync.start();
  console.log(`corosync runs as pid ${corosync.pid}; nothing outside can see it`);

  await using cmap = await CmapClient.connect();
  await showSnapshot(cmap);

  title('Tracking every key while another client writes (type, key, old value -> new value)');
  await using tracker = await cmap.track('', { prefix: true });
  const printing = printNotifications(tracker);
  await writeFromAnotherClient();
  await reloadConfiguration(corosync);
  await tracker.close();
  console.log(`${await printing} notifications, in corosync's order`);
  title('Stopping corosync and cleaning up');
}

async function showSnapshot(cmap: CmapClient): Promise<void> {
  title('A snapshot of its map');
  const shown = /^(?:totem\.|nodelist\.|runtime\.members\.|runtime\.votequorum\.)/;
  let count = 0;
  for await (const { key, value } of cmap.entries()) {
    count += 1;
    if (shown.test(key)) console.log(`  ${key} = ${show(value)}`);
  }
  console.log(`  ... ${count} keys in all`);
}

async function printNotifications(tracker: CmapTracker): Promise<number> {
  let count = 0;
  for await (const event of tracker) {
    if (event.kind !== 'notification') continue;
    count += 1;
    console.log(`  ${describe(event)}`);
  }
  return count;
}

function describe({ change, key, oldValue, newValue }: CmapNotification): string {
  return `${change.padEnd(6)}  ${key}  ${show(oldValue)} -> ${show(newValue)}`;
}

async function writeFromAnotherClient(): Promise<void> {
  await using writer = await CmapClient.connect();
  const steps = [
    () => writer.setString('demo.greeting', 'hello'),
    () => writer.setString('demo.greeting', 'hello, cluster'),
    () => writer.setUint64('demo.counter', 9007199254740993n),
    () => writer.increment('demo.counter'),
    () => writer.adjust('demo.counter', -1000),
    () => writer.setBinary('demo.blob', Uint8Array.of(0xca, 0xfe)),
    () => writer.setDouble('demo.load', 0.75),
    () => writer.delete('demo.blob'),
  ];
  for (const step of steps) {
    await step();
    await sleep(250);
  }
}

/** corosync's own keys move, too: here because it is told that its configuration has changed. */
async function reloadConfiguration(corosync: PrivateCorosync): Promise<void> {
  const file = join(corosync.directory, 'corosync.conf');
  writeFileSync(file, readFileSync(file, 'utf8').replace('totem {', 'totem {\n  token: 5000'));
  execFileSync('corosync-cfgtool', ['-R']);
  await sleep(1000);
}

function show(value: CmapValue | undefined): string {
  if (value === undefined) return '(unset)';
  if (value.type === 'binary' || value.type === 'unknown')
    return `${value.type} ${Buffer.from(value.value).toString('hex')}`;
  return `${value.type} ${value.type === 'string' ? JSON.stringify(value.value) : String(value.value)}`;
}

function title(text: string): void {
  console.log(`\n== ${text}`);
}

await main();
