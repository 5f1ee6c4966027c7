import assert from 'node:assert/strict';
import {
  CmapClient,
  type CmapClient as Client,
  type CsErrorName,
  type CmapConnectOptions,
} from 'corosync-client';
import { shell } from '../../cli/program.ts';
import { waitUntil } from '../../helpers/wait-until.ts';
import { codeOf, type Check } from '../cell.ts';

type Row = readonly [what: string, expected: CsErrorName, call: (client: Client) => Promise<unknown>];

const u8 = { type: 'uint8', value: 1 } as const;

/** What corosync itself refuses, and what is refused before it is asked; libcmap's codes. */
const ICMAP: readonly Row[] = [
  ['get a missing key', 'CS_ERR_NOT_EXIST', (client) => client.get('matrix.missing')],
  ['get an impossible key', 'CS_ERR_NOT_EXIST', (client) => client.get('matrix missing')],
  ['get with a name too long', 'CS_ERR_NAME_TOO_LONG', (client) => client.get('k'.repeat(256))],
  ['get as another type', 'CS_ERR_INVALID_PARAM', (client) => client.getInt32('totem.cluster_name')],
  ['set a configured key', 'CS_ERR_ACCESS', (client) => client.setString('totem.cluster_name', 'x')],
  ['set below a read-only prefix', 'CS_ERR_ACCESS', (client) => client.set('runtime.config.new', u8)],
  ['set a short name', 'CS_ERR_NAME_TOO_LONG', (client) => client.set('ab', u8)],
  ['set an impossible name', 'CS_ERR_NAME_TOO_LONG', (client) => client.set('matrix missing', u8)],
  [
    'set a value too long',
    'CS_ERR_INVALID_PARAM',
    (client) => client.setBinary('matrix.value', new Uint8Array(16385)),
  ],
  ['delete a missing key', 'CS_ERR_NOT_EXIST', (client) => client.delete('matrix.missing')],
  ['delete a read-only key', 'CS_ERR_ACCESS', (client) => client.delete('nodelist.local_node_pos')],
  ['increment a missing key', 'CS_ERR_NOT_EXIST', (client) => client.increment('matrix.missing')],
  ['increment a text', 'CS_ERR_INVALID_PARAM', (client) => client.increment('matrix.text')],
  ['increment a read-only key', 'CS_ERR_ACCESS', (client) => client.increment('totem.version')],
];

const STATS: readonly Row[] = [
  ['set a statistic', 'CS_ERR_ACCESS', (client) => client.set('stats.srp.mcast_tx', u8)],
  ['delete a statistic', 'CS_ERR_ACCESS', (client) => client.delete('stats.srp.mcast_tx')],
  ['get a missing statistic', 'CS_ERR_NOT_EXIST', (client) => client.get('stats.missing')],
  ['clear what there is not', 'CS_ERR_NOT_SUPPORTED', (client) => client.set('stats.clear.bogus', u8)],
  [
    'track a prefix for modify',
    'CS_ERR_NOT_SUPPORTED',
    (client) => client.track('stats.', { prefix: true, events: ['modify'] }),
  ],
];

const CONNECT: readonly (readonly [string, CsErrorName, CmapConnectOptions])[] = [
  ['no such directory of sockets', 'CS_ERR_NOT_EXIST', { socketDirectory: '/run/matrix-none' }],
  ['no such map', 'CS_ERR_NOT_EXIST', { map: 'bogus' as 'icmap' }],
  ['a buffer too small', 'CS_ERR_INVALID_PARAM', { bufferSize: 4096 }],
];

async function expectCodes(client: Client, rows: readonly Row[]): Promise<void> {
  for (const [what, expected, call] of rows) assert.equal(await codeOf(call(client)), expected, what);
}

export const errors: readonly Check[] = [
  {
    name: 'error codes',
    async run(cell) {
      const client = await cell.connect();
      await client.setString('matrix.text', 'text');
      await expectCodes(client, ICMAP);
      await client.delete('matrix.text');
      await expectCodes(await cell.connect({ map: 'stats' }), STATS);
      const noServer = cell.transport === 'shm+files' ? 'CS_ERR_NOT_EXIST' : 'CS_ERR_LIBRARY';
      assert.equal(await codeOf(CmapClient.connect({ socketName: 'matrix-none' })), noServer);
      for (const [what, expected, options] of CONNECT) {
        assert.equal(await codeOf(CmapClient.connect(options)), expected, what);
      }
    },
  },
  {
    name: 'a user without rights is refused',
    async run(cell) {
      const { code, stderr } = await shell(
        `setpriv --reuid=65534 --regid=65534 --clear-groups ${cell.program('main')} get totem.version`,
      );
      assert.match(stderr, /CS_ERR_ACCESS/);
      assert.equal(code, 3);
      const said: string[] = [];
      await waitUntil('corosync logs it', () => said.push(...cell.complaints()) > 0);
      for (const line of said) assert.match(line, /Denied connection|Invalid IPC credentials/);
    },
  },
  {
    name: 'corosync does not answer: a deadline, and on as before',
    async run(cell) {
      const client = await cell.connect();
      cell.kill('SIGSTOP');
      const late = await codeOf(client.get('totem.version', { timeoutMs: 100 }));
      cell.kill('SIGCONT');
      assert.equal(late, 'CS_ERR_TIMEOUT');
      assert.equal(await client.getUint32('totem.version'), 2);
    },
  },
];
