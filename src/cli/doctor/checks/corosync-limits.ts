import { ok, problem, type Remark } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import type { CorosyncProcess } from '../system/corosync-process.ts';
import { memoryRoom } from '../system/cgroups.ts';
import { limitsOf, openFiles, type Limits } from '../system/limits.ts';
import { DESCRIPTORS } from './limits.ts';
import { connectionCost, LEAST_BUFFER, showBytes } from './shared-memory/cost.ts';
import { shellWord } from '../shell-word.ts';

const MEBIBYTE = 2 ** 20;

/**
 * What corosync may have open, make and use. Beyond these limits a connection does not fail: it makes corosync spin, or ends it. So doctor
 * looks first, and does not connect then.
 */
export function checkCorosyncLimits(surroundings: Surroundings): Remark[] {
  const { corosync } = surroundings;
  if (corosync === undefined) return [];
  const { pid } = corosync;
  const limits = limitsOf(surroundings.files, pid);
  return [
    checkOpenFiles(surroundings, pid, limits),
    ...checkFileSize(surroundings, pid, limits),
    ...checkMemory(surroundings, pid),
    ...checkAddressSpace(surroundings, corosync, limits),
  ];
}

function checkOpenFiles({ files }: Surroundings, pid: number, { openFiles: most }: Limits): Remark {
  const open = openFiles(files, pid);
  if (open === undefined || most === Infinity) return ok(`corosync may have ${most} file descriptors`);
  const text = `corosync (pid ${pid}) has ${open} of ${most} file descriptors open`;
  if (most - open >= DESCRIPTORS) return ok(text);
  return problem(
    'corosync-open-files',
    `${text}: a connection that it cannot take makes it try over and over, with all of a processor`,
    `raise its limit, as root: prlimit --pid ${pid} --nofile=4096:, and LimitNOFILE= of its unit`,
  );
}

function checkFileSize(surroundings: Surroundings, pid: number, { fileSize }: Limits): Remark[] {
  const { largestFile } = connectionCost(surroundings);
  if (fileSize >= largestFile) return [];
  const smaller = connectionCost({ ...surroundings, bufferSize: LEAST_BUFFER }).largestFile <= fileSize;
  return [
    problem(
      'corosync-file-size',
      `corosync (pid ${pid}) may make files of up to ${showBytes(fileSize)}; one of ${showBytes(largestFile)}, which this connection has, would end it (SIGXFSZ)`,
      orSmaller(
        smaller,
        `raise its limit, as root: prlimit --pid ${pid} --fsize=unlimited, and LimitFSIZE= of its unit`,
      ),
    ),
  ];
}

/** The pages of shared memory are charged to who touches them first, and that is corosync. */
function checkMemory(surroundings: Surroundings, pid: number): Remark[] {
  const room = memoryRoom(surroundings.files, pid);
  if (room === undefined) return [];
  const { group, left, limit, limitFile } = room;
  // Its receive buffer is as large as a message, and the kernel keeps books.
  const taken = (bufferSize: number): number =>
    connectionCost({ ...surroundings, bufferSize }).bytes + bufferSize + MEBIBYTE;
  const text = `corosync (pid ${pid}) may use ${showBytes(Math.max(left, 0))} more of the ${showBytes(limit)} of its control group ${group}`;
  if (left >= taken(surroundings.bufferSize)) return [ok(text)];
  return [
    problem(
      'corosync-memory',
      `${text}; this connection takes ${showBytes(taken(surroundings.bufferSize))}, and the kernel would end corosync`,
      orSmaller(
        left >= taken(LEAST_BUFFER) && surroundings.bufferSize > LEAST_BUFFER,
        `raise its limit: MemoryMax= of its unit, docker update --memory, or, as root: echo ${limit * 2} > ${shellWord(limitFile)}`,
      ),
    ),
  ];
}

/** Without room to map the rings, corosync refuses the connection, and lives on. */
function checkAddressSpace(
  surroundings: Surroundings,
  { pid, status }: CorosyncProcess,
  { addressSpace: limit }: Limits,
): Remark[] {
  if (limit === Infinity) return [];
  const room = Math.max(limit - status.addressSpace, 0);
  // Its receive buffer is as large as a message, and its heap may grow.
  const taken = (bufferSize: number): number =>
    connectionCost({ ...surroundings, bufferSize }).mapped + bufferSize + MEBIBYTE;
  const text = `corosync (pid ${pid}) may map ${showBytes(room)} more of its ${showBytes(limit)} of address space`;
  if (room >= taken(surroundings.bufferSize)) return [ok(text)];
  return [
    problem(
      'corosync-address-space',
      `${text}; this connection takes ${showBytes(taken(surroundings.bufferSize))}`,
      orSmaller(
        room >= taken(LEAST_BUFFER) && surroundings.bufferSize > LEAST_BUFFER,
        `raise its limit, as root: prlimit --pid ${pid} --as=unlimited, and LimitAS= of its unit`,
      ),
    ),
  ];
}

/** What raises a limit; before it, where that helps, what needs less. */
function orSmaller(helps: boolean, raise: string): string {
  if (!helps) return raise;
  return `ask for a smaller connection: --buffer-size ${LEAST_BUFFER} (bufferSize in the library),\n${raise}`;
}
