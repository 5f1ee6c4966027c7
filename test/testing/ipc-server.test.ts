import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { connectIpc, type IpcConnection, type IpcOptions } from '../../src/ipc/index.ts';
import { Faults } from '../../src/testing/faults/faults.ts';
import type { FakeService } from '../../src/testing/faults/request-names.ts';
import { IpcServer } from '../../src/testing/server/ipc-server.ts';
import type { ServerConnection } from '../../src/testing/server/server-connection.ts';
import type { ServedService } from '../../src/testing/server/service.ts';
import { makeSocketDirectory } from '../../src/testing/server/socket-directory.ts';
import { fakeListener } from '../helpers/fake/fake-listener.ts';
import { answerFake, FakeRequest, replyFake } from '../helpers/fake/fake-request.ts';
import { openDescriptors } from '../helpers/open-descriptors.ts';
import { ourOutcome } from '../helpers/integration/integration-outcome.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const SOON = { everyMs: 1 };
const IN_TIME = { timeoutMs: 5000 };
const faults = new Faults('shm');
let directory: string;
let server: IpcServer;
/** What a service is to answer later. */
const held: (() => void)[] = [];
/** Connections whose service has ended, with how many sockets this process had open then. */
const ended: { readonly connection: string; readonly sockets: number }[] = [];
const sockets = (): number => openDescriptors().filter((target) => target.startsWith('socket:')).length;

beforeEach(async () => {
  directory = makeSocketDirectory();
  server = await IpcServer.start(options(['quorum', 'cfg']));
});

afterEach(async () => {
  faults.clear();
  await server.stop();
  fs.rmSync(directory, { recursive: true, force: true });
});

function options(services: readonly FakeService[]): Parameters<typeof IpcServer.start>[0] {
  return {
    socketDirectory: directory,
    sharedMemoryDirectory: directory,
    pid: process.pid,
    faults,
    services: () => services.map(fakeService),
  };
}

/** It understands fake requests; to faults, all of them are getQuorate or localGet. */
function fakeService(name: FakeService): ServedService<ServerConnection> {
  return {
    name,
    subjectOf: () => ({ request: name === 'cfg' ? 'localGet' : 'getQuorate' }),
    eventSubject: () => ({}),
    open: ({ number }) => ({
      handle: (request, { answerLater }) => {
        const reply = replyFake(request);
        if (reply === 'later') held.push(() => answerLater(answerFake(request)));
        return reply;
      },
      close: () => void ended.push({ connection: `${name} ${number}`, sockets: sockets() }),
    }),
  };
}

function connect(service: FakeService): Promise<IpcConnection> {
  const ipcOptions: IpcOptions = {
    service,
    socketDirectory: directory,
    sharedMemoryDirectory: directory,
    bufferSize: 65_536,
    timeoutMs: 5000,
    signal: undefined,
    tryAgainAttempts: 0,
    tryAgainDelayMs: 10,
  };
  return connectIpc(ipcOptions, fakeListener());
}

it('each service has a socket and files of its own name', async () => {
  const quorum = await connect('quorum');
  const cfg = await connect('cfg');
  expect(server.connections.map(({ serviceName, number }) => [serviceName, number])).toEqual([
    ['quorum', 1],
    ['cfg', 2],
  ]);
  const files = server.connections.map(({ transport }) => fs.readdirSync(transport.directory).sort()[0]);
  expect(files).toEqual(['qb-event-quorum-data', 'qb-event-cfg-data']);
  expect(await quorum.submit(new FakeRequest(1), IN_TIME)).toBe(1);
  expect(await cfg.submit(new FakeRequest(2), IN_TIME)).toBe(2);
  expect(server.counters).toMatchObject({ connections: 2, requests: 2, responses: 2 });
  await Promise.all([quorum.close(), cfg.close()]);
});

it('a fault strikes the service that it names, and answers that come later, too', async () => {
  const [quorum, cfg] = [await connect('quorum'), await connect('cfg')];
  const fault = faults.add({ when: { step: 'response', service: 'cfg' }, do: { error: 'CS_ERR_BUSY' } });
  expect(await quorum.submit(new FakeRequest(1), IN_TIME)).toBe(1);
  const late = ourOutcome(() => cfg.submit(new FakeRequest(2, { answer: 'later' }), IN_TIME));
  await waitUntil('it waits', () => held.length === 1, SOON);
  expect(fault.struck).toBe(0);
  held.pop()?.();
  expect(await late).toBe('CS_ERR_BUSY');
  expect(fault.struck).toBe(1);
  await Promise.all([quorum.close(), cfg.close()]);
});

it('all services die together, and come back together', async () => {
  const [quorum, cfg] = [await connect('quorum'), await connect('cfg')];
  await server.die();
  await waitUntil('both notice', () => quorum.closed && cfg.closed, SOON);
  expect(await ourOutcome(() => connect('cfg'))).toBe('CS_ERR_LIBRARY');
  await server.listen();
  for (const service of ['quorum', 'cfg'] as const) await (await connect(service)).close();
});

it('it ends service by service, the newest client of each first, whose socket closes before anybody is told', async () => {
  for (const service of ['quorum', 'cfg', 'quorum'] as const) await connect(service);
  ended.length = 0;
  const [open, stopped] = [sockets(), server.stop()];
  expect(ended).toEqual(
    ['cfg 2', 'quorum 3', 'quorum 1'].map((connection, i) => ({ connection, sockets: open - 1 - i })),
  );
  await stopped;
});

it('where one socket cannot be had, none is kept', async () => {
  await server.stop();
  fs.mkdirSync(join(directory, 'cfg'));
  await expect(IpcServer.start(options(['quorum', 'cfg']))).rejects.toThrow();
  expect(fs.readdirSync(directory)).toEqual(['cfg']);
  fs.rmdirSync(join(directory, 'cfg'));
  server = await IpcServer.start(options(['quorum', 'cfg']));
  expect(fs.readdirSync(directory).sort()).toEqual(['cfg', 'quorum']);
});
