import type { CsErrorName } from '../../../errors/index.ts';
import { remedyForAbsence } from '../checks/absence.ts';
import { confinementRemedy } from '../checks/confinement.ts';
import type { FindingId } from '../finding-ids.ts';
import type { Surroundings } from '../surroundings.ts';
import type { Failure, Place } from './failure.ts';
import {
  descriptorsRemedy,
  filesRemedy,
  noSocketsRemedy,
  refusedBy,
  silentRemedy,
  socketRemedy,
} from './remedies.ts';

/** Which findings explain a failure; and what to do if there is none of them. */
export interface Cause {
  readonly findings: readonly FindingId[];
  remedy?(
    surroundings: Surroundings,
    seen: readonly FindingId[],
  ): string | undefined | Promise<string | undefined>;
}

const SILENT: readonly FindingId[] = [
  'corosync-stopped',
  'corosync-traced',
  'corosync-frozen',
  'corosync-waits',
  'socket-foreign',
];
const NOT_OURS: readonly FindingId[] = [
  'real-user-differs',
  'user-not-mapped',
  'shm-mapped-owners',
  'corosync-capabilities',
  'shm-out-of-reach',
  'shm-foreign',
];
const NO_SOCKET: readonly FindingId[] = ['socket-not-bound', 'socket-missing', 'socket-no-socket'];

/** By where it failed, and the system error. */
const SYSTEM: Readonly<Partial<Record<Place, Readonly<Record<string, Cause>>>>> = {
  answer: {
    EACCES: { findings: [], remedy: refusedBy },
    EPERM: { findings: [], remedy: refusedBy },
    EROFS: {
      findings: ['corosync-shm-read-only', 'shm-read-only'],
      remedy: () => 'mount /dev/shm for writing where corosync runs',
    },
    ENOENT: {
      findings: ['corosync-shm-missing'],
      remedy: () => 'mount a tmpfs on /dev/shm where corosync runs',
    },
    ENOSPC: {
      findings: ['shm-full', 'shm-no-inodes'],
      remedy: () => 'see what fills it where corosync runs: df -h /dev/shm; df -i /dev/shm',
    },
    EDQUOT: {
      findings: [],
      remedy: ({ user }) =>
        `the quota of uid ${user.real.uid} on corosync's /dev/shm is used up: raise it, or ask for a smaller connection with --buffer-size`,
    },
    EMFILE: { findings: ['corosync-open-files'], remedy: descriptorsRemedy },
    ENFILE: {
      findings: [],
      remedy: () => 'the machine has no file descriptors left: see /proc/sys/fs/file-nr, raise fs.file-max',
    },
    ENOMEM: {
      findings: ['corosync-address-space', 'corosync-memory'],
      remedy: () =>
        'corosync gets no memory: see its limits (/proc/PID/limits), or ask for a smaller connection with --buffer-size',
    },
    EAGAIN: {
      findings: [],
      remedy: () =>
        'corosync starts or ends, or waits for its first membership: run corosync-client doctor again in a moment, or see its log',
    },
    ENOSYS: { findings: [], remedy: () => 'corosync has not loaded this service' },
  },
  socket: {
    EAFNOSUPPORT: { findings: [], remedy: noSocketsRemedy },
    EPERM: { findings: [], remedy: socketRemedy },
    // The kernel asks whether we may write to the file before it looks what the file is.
    EACCES: {
      findings: ['socket-not-writable', 'socket-out-of-reach', 'socket-no-socket'],
      remedy: socketRemedy,
    },
    EAGAIN: {
      findings: SILENT,
      remedy: (surroundings) => `the queue of connections to it is full; ${silentRemedy(surroundings)}`,
    },
    ECONNREFUSED: { findings: NO_SOCKET, remedy: remedyForAbsence },
    ENOENT: { findings: NO_SOCKET, remedy: remedyForAbsence },
    EPROTOTYPE: {
      findings: ['socket-foreign'],
      remedy: ({ service }) => `another program has the socket: ss -xlp | grep ${service}, as root`,
    },
    EMFILE: { findings: ['open-files'] },
  },
  files: {
    EACCES: {
      findings: NOT_OURS,
      remedy: filesRemedy,
    },
    EPERM: {
      findings: NOT_OURS,
      remedy: filesRemedy,
    },
    EROFS: { findings: ['shm-read-only'], remedy: () => 'mount it for writing' },
    ENOENT: {
      findings: ['shm-foreign', 'shm-missing'],
      remedy: ({ sharedMemoryDirectory }) =>
        `${sharedMemoryDirectory} is not corosync's, or corosync has just ended; root sees which: run corosync-client doctor as root`,
    },
    EMFILE: { findings: ['open-files'] },
  },
  call: {
    EFBIG: { findings: ['file-size'] },
    EPERM: {
      findings: [],
      remedy: (surroundings) => confinementRemedy(surroundings, 'self', 'read and write those files'),
    },
    EACCES: {
      findings: [],
      remedy: (surroundings) => confinementRemedy(surroundings, 'self', 'read and write those files'),
    },
    ENOSYS: {
      findings: [],
      remedy: (surroundings) => confinementRemedy(surroundings, 'self', 'read and write those files'),
    },
  },
};

/** By what libcmap would say, where no system error tells more. */
const CODES: Readonly<Partial<Record<CsErrorName, Cause>>> = {
  CS_ERR_TIMEOUT: { findings: SILENT, remedy: silentRemedy },
  CS_ERR_SECURITY: {
    findings: [
      'real-user-differs',
      'user-not-mapped',
      'shm-mapped-owners',
      'libqb-too-old',
      'socket-foreign',
    ],
    remedy: ({ service }) => `see who listens there, as root: ss -xlp | grep ${service}`,
  },
  CS_ERR_NOT_SUPPORTED: { findings: ['datagram-package'] },
  CS_ERR_LIBRARY: {
    findings: ['socket-foreign'],
    remedy: ({ corosync }) =>
      corosync === undefined
        ? undefined
        : 'corosync may be ending: run corosync-client doctor again in a moment',
  },
};

export function causeOf({ place, code, errno }: Failure): Cause | undefined {
  const known = errno === undefined ? undefined : SYSTEM[place]?.[errno];
  return known ?? (code === undefined ? undefined : CODES[code]);
}
