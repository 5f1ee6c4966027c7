import { expect, it } from 'vitest';
import { connectTo } from '../helpers/fake/fake-client.ts';
import { fakeListener } from '../helpers/fake/fake-listener.ts';
import { FakeRequest, numberOf } from '../helpers/fake/fake-request.ts';
import { describeOnTransports } from '../helpers/fake/fake-transports.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const SOON = { everyMs: 1 };

describeOnTransports('the first request', (start, kind) => {
  const sent = kind === 'socket' ? (['datagrams', 'always'] as const) : (['always'] as const);

  it.each(sent)('needed %s is answered before the connection is there', async (needed) => {
    await using server = await start();
    let connected = false;
    const connecting = connectTo(server, {}, { message: new FakeRequest(7), needed }).finally(
      () => (connected = true),
    );
    await waitUntil('it has come', () => server.established && server.waiting === 1, SOON);
    expect(connected).toBe(false);
    server.handle(1);
    const connection = await connecting;
    expect(server.handled.map(numberOf)).toEqual([7]);
    await connection.close();
  });

  it('that is refused is the end of the attempt', async () => {
    await using server = await start();
    const hears = fakeListener();
    const message = new FakeRequest(7, { error: 11 });
    const connecting = connectTo(server, hears, { message, needed: 'always' });
    await waitUntil('it has come', () => server.established && server.waiting === 1, SOON);
    server.handle(1);
    await expect(connecting).rejects.toMatchObject({ code: 'CS_ERR_ACCESS' });
    expect(hears.closed).toHaveLength(1);
  });

  it('has the time of the attempt', async () => {
    await using server = await start();
    const options = { ...server.options, timeoutMs: 50 };
    const connecting = connectTo({ options }, {}, { message: new FakeRequest(7), needed: 'always' });
    await expect(connecting).rejects.toMatchObject({ code: 'CS_ERR_TIMEOUT', operation: 'connect' });
  });

  if (kind === 'socket') return;
  it('is not sent where nothing needs it', async () => {
    await using server = await start();
    const connection = await connectTo(server, {}, { message: new FakeRequest(7), needed: 'datagrams' });
    expect(server.waiting).toBe(0);
    await connection.close();
  });
});
