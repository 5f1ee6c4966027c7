import { CmapClient, ConnectionError, CsError } from 'corosync-client';
import { FakeCorosync } from 'corosync-client/testing';

// No corosync listens on this name: the error proves that the installed package works up to the socket.
const error = await CmapClient.connect({ socketName: 'corosync-client-none' }).catch((reason) => reason);
if (!(error instanceof ConnectionError && error instanceof CsError && error.errno === 'ECONNREFUSED'))
  throw error;

const fake = await FakeCorosync.start({
  entries: { 'totem.cluster_name': { type: 'string', value: 'test' } },
});
const client = await CmapClient.connect(fake.connectOptions);
if ((await client.getString('totem.cluster_name')) !== 'test') throw new Error('the fake answers wrongly');
await client.close();
await fake.stop();
