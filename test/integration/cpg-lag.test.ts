import { expect, it } from 'vitest';
import { CpgClient, type CpgEvent } from '../../src/cpg/index.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import { waitUntil } from '../helpers/wait-until.ts';

describeOnCorosync('A reader that lags', (suite) => {
  it('slows down its own sending, and gets all when it reads', async () => {
    suite.letEventsQueue();
    const client = await CpgClient.connect();
    await client.join('lag', { pid: 1, maxQueuedBytes: 256 * 1024 });
    const messages = Array.from({ length: 400 }, (_, index) => String(index).padEnd(1000));
    let sent = 0;
    const calls = messages.map((message) => client.mcast(message).then(() => void (sent += 1)));
    // Half of the room is full after about a hundred.
    await waitUntil('sending has nearly stopped', () => sent >= 100);
    expect(sent).toBeLessThan(400);
    expect(client.bufferedBytes).toBeGreaterThan(0);
    const read: string[] = [];
    for await (const event of client.events()) {
      if (event.kind === 'message') read.push(Buffer.from(event.message).toString());
      if (read.length === messages.length) break;
    }
    expect(read).toEqual(messages);
    await Promise.all(calls);
    await client.close();
  });

  it('is no member any more where there is no room, after it has been told what there was', async () => {
    suite.letEventsQueue();
    const sender = await CpgClient.connect();
    const told: CpgEvent[] = [];
    await sender.join('lag', { pid: 1, listener: (event) => void told.push(event) });
    const lagging = await CpgClient.connect();
    await lagging.join('lag', { pid: 2, maxQueuedBytes: 64 * 1024 });
    for (let count = 0; count < 200; count += 1) await sender.mcast(String(count).padEnd(1000));
    const left = await waitFor(told, (event) => event.kind === 'membership' && event.left.length === 1);
    expect(left).toMatchObject({ left: [{ pid: 2, reason: 'leave' }] });
    let count = 0;
    const read = async (): Promise<void> => {
      for await (const event of lagging.events())
        if (event.kind === 'message')
          expect(Buffer.from(event.message).toString()).toBe(String(count++).padEnd(1000));
    };
    await expect(read()).rejects.toMatchObject({
      name: 'ConnectionError',
      code: 'CS_ERR_NO_SPACE',
      key: 'lag',
    });
    expect(count).toBeGreaterThan(40);
    expect(count).toBeLessThan(200);
    await expect(lagging.whenClosed()).resolves.toMatchObject({ cause: { code: 'CS_ERR_NO_SPACE' } });
    await sender.close();
  });

  it('who waits for each of its own messages goes on, though it lags', async () => {
    suite.letEventsQueue();
    const sender = await CpgClient.connect();
    await sender.join('lag', { pid: 1, listener: () => undefined });
    const echo = await CpgClient.connect();
    await echo.join('lag', { pid: 2, maxQueuedBytes: 256 * 1024 });
    // More than half of the room of who answers.
    await Promise.all(Array.from({ length: 130 }, () => sender.mcast(Buffer.alloc(1000))));
    let answers = 0;
    for await (const event of echo.events()) {
      if (event.kind === 'message' && event.from.pid === 1 && answers < 5) {
        await echo.mcast('answer one');
        await echo.mcast('answer two');
        answers += 1;
      }
      if (event.kind === 'message' && event.from.pid === 2) break;
    }
    expect(answers).toBe(5);
    await echo.close();
    await sender.close();
  });
});

async function waitFor(
  told: readonly CpgEvent[],
  isIt: (event: CpgEvent) => boolean,
): Promise<CpgEvent | undefined> {
  await waitUntil('it is told', () => told.some(isIt));
  return told.find(isIt);
}
