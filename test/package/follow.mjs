import { CmapSession } from 'corosync-client';

// Beside a real corosync: what the installed package is for.
const session = CmapSession.open();
await session.setUint32('fresh.counter', 1);
const follower = session.follow('fresh.counter');
for await (const event of follower) {
  if (event.kind === 'snapshot') await session.increment('fresh.counter');
  if (event.kind === 'notification') {
    if (event.newValue?.value !== 2) throw new Error(`told of ${event.newValue?.value}`);
    break;
  }
}
await session.close();
