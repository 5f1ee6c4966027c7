import * as library from 'corosync-client';
import * as testing from 'corosync-client/testing';

const { CmapClient, ConnectionError, CsError } = library;
const { FakeCorosync } = testing;

// What console.log shows of an object is the name of its class, which a bundler may have changed.
for (const [name, exported] of Object.entries({ ...library, ...testing })) {
  if (typeof exported === 'function' && exported.name !== name)
    throw new Error(`${name} is named ${exported.name}`);
}

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
