import { CsError } from '../../../errors/index.ts';
import { problem, type Remark } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';

/** Has abstract names, too. */
const FOR_ALL = 'node-unix-socket';
const FOR_FILES = 'unix-dgram';

const NOT_INSTALLED = 'ERR_MODULE_NOT_FOUND';
/** Built for another system, another C library, or another Node.js. */
const NOT_LOADED = 'ERR_DLOPEN_FAILED';

/** Which package is missing where corosync has offered datagram sockets: its answer tells, also where its configuration cannot be read. */
export function checkDatagramPackage(error: unknown, { socketPath }: Surroundings): Remark[] {
  if (!(error instanceof CsError) || error.code !== 'CS_ERR_NOT_SUPPORTED') return [];
  const codes = causesOf(error).map(codeOf);
  if (!codes.some((code) => code === NOT_INSTALLED || code === NOT_LOADED)) return [];
  const names = socketPath.startsWith('\0') ? [FOR_ALL] : [FOR_ALL, FOR_FILES];
  const isThere = codes.some((code) => code !== NOT_INSTALLED);
  const what = isThere
    ? 'is installed and cannot be loaded here'
    : 'is not installed beside this corosync-client';
  return [
    problem(
      'datagram-package',
      `corosync offers datagram sockets (qb_ipc_type: socket), for which Node.js needs a package: ${names.join(' or ')} ${what}`,
      [
        ...(isThere ? ['for the system and the Node.js that run this, '] : []),
        `in the program's directory: npm install ${FOR_ALL} (with --global where corosync-client is installed so)`,
        ...(names.includes(FOR_FILES) ? [`, or, where a C++ compiler is: npm install ${FOR_FILES}`] : []),
        ';\nor remove qb_ipc_type from corosync.conf, and restart corosync: shared memory is the default, and faster',
      ].join(''),
    ),
  ];
}

function causesOf({ cause }: CsError): unknown[] {
  return cause instanceof AggregateError ? cause.errors : [cause];
}

function codeOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  return 'code' in cause ? String(cause.code) : codeOf(cause.cause);
}
