import { FORCE_FILESYSTEM_SOCKETS, describeSocketPath } from '../../../ipc/socket-address.ts';
import { DIRECTORY_VARIABLES } from '../../directories.ts';
import { ok, problem, type Remark } from '../finding.ts';
import { foreignUid, type Surroundings } from '../surroundings.ts';
import { abstractName, listeningSockets } from '../system/listening-sockets.ts';
import { remedyForAbsence } from './absence.ts';
import { shellWord } from '../shell-word.ts';

/** Whether anybody listens where we are going to connect, and who. */
export function checkSocket(surroundings: Surroundings): Remark {
  return surroundings.socketPath.startsWith('\0') ? checkName(surroundings) : checkFile(surroundings);
}

function checkName(surroundings: Surroundings): Remark {
  const { files, socketPath } = surroundings;
  const name = `${describeSocketPath(socketPath)}, an abstract name,`;
  if (!listeningSockets(files, 'self').includes(abstractName(socketPath))) {
    const text = `${name} is not bound in this network namespace`;
    return problem('socket-not-bound', text, remedyForAbsence(surroundings));
  }
  return foreign(surroundings, name) ?? ok(`${name} is bound in this network namespace`);
}

/** Root sees who it is. */
function foreign({ owner, processes }: Surroundings, name: string): Remark | undefined {
  if (owner === undefined || processes.some(({ pid }) => pid === owner.pid)) return undefined;
  return problem(
    'socket-foreign',
    `${name} is bound by pid ${owner.pid} (${owner.name}, uid ${owner.uid}), which is not named corosync; corosync cannot serve it meanwhile`,
    `see what that is: ps -fp ${owner.pid}; end it if it should not be there, and start corosync: systemctl restart corosync`,
  );
}

/** Everybody sees whose file it is. */
function foreignFile(surroundings: Surroundings, file: string): Remark | undefined {
  const uid = foreignUid(surroundings);
  if (uid === undefined) return undefined;
  const { socketPath, corosync } = surroundings;
  const theirs =
    corosync === undefined
      ? 'corosync runs as root, unless it is in a user namespace'
      : `corosync (pid ${corosync.pid}) runs as uid ${corosync.status.uid}`;
  return problem(
    'socket-foreign',
    `${file} belongs to uid ${uid}, and ${theirs}: another program seems to have made it`,
    `see who listens, as root: ss -xlp | grep ${socketPath}; end that if it should not be there, remove the file, and start corosync: systemctl restart corosync`,
  );
}

function checkFile(surroundings: Surroundings): Remark {
  const { files, socketPath, socketDirectory } = surroundings;
  const why =
    socketDirectory === undefined
      ? `, a file because ${FORCE_FILESYSTEM_SOCKETS} exists,`
      : `, by --socket-directory or $${DIRECTORY_VARIABLES.socketDirectory},`;
  const file = `${socketPath}${why}`;
  const stat = files.stat(socketPath);
  if (stat === undefined) return outOfReach(surroundings, file) ?? missing(surroundings, file);
  if (!stat.isSocket()) {
    return problem('socket-no-socket', `${file} is no socket`, remedyForAbsence(surroundings));
  }
  const other = foreign(surroundings, file) ?? foreignFile(surroundings, file);
  if (other !== undefined) return other;
  if (files.writable(socketPath)) return ok(`${file} is a socket`);
  return problem(
    'socket-not-writable',
    `${file} is a socket that this user may not write to`,
    `run as root, or: chmod o+w ${shellWord(socketPath)}`,
  );
}

function missing(surroundings: Surroundings, file: string): Remark {
  return problem('socket-missing', `${file} is not there`, remedyForAbsence(surroundings));
}

function outOfReach({ files, socketPath }: Surroundings, file: string): Remark | undefined {
  const closed = files.closedDirectory(socketPath);
  if (closed === undefined) return undefined;
  const remedy = socketPath.startsWith('/proc/')
    ? 'what is below /proc/PID/root is for root only: run it as root, or let corosync share the directory'
    : `run as root, or: chmod o+x ${shellWord(closed)}`;
  return problem(
    'socket-out-of-reach',
    `${file} cannot be reached: ${closed} is closed for this user`,
    remedy,
  );
}
