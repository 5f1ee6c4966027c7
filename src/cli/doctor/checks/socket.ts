import { FORCE_FILESYSTEM_SOCKETS, describeSocketPath } from '../../../ipc/socket-address.ts';
import { DIRECTORY_VARIABLES } from '../../directories.ts';
import { ok, problem, type Remark } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { abstractName, listeningSockets } from '../system/listening-sockets.ts';
import { remedyForAbsence } from './absence.ts';
import { shellWord } from '../shell-word.ts';

/** Whether anybody listens where we are going to connect, and who. */
export function checkSocket(surroundings: Surroundings): Remark {
  return surroundings.socketPath.startsWith('\0') ? checkName(surroundings) : checkFile(surroundings);
}

function checkName(surroundings: Surroundings): Remark {
  const { files, socketPath, owner, processes } = surroundings;
  const name = `${describeSocketPath(socketPath)}, an abstract name,`;
  if (!listeningSockets(files, 'self').includes(abstractName(socketPath))) {
    const text = `${name} is not bound in this network namespace`;
    return problem('socket-not-bound', text, remedyForAbsence(surroundings));
  }
  if (owner === undefined || processes.some(({ pid }) => pid === owner.pid)) {
    return ok(`${name} is bound in this network namespace`);
  }
  return problem(
    'socket-foreign',
    `${name} is bound by pid ${owner.pid} (${owner.name}, uid ${owner.uid}), which is not named corosync; corosync cannot serve it meanwhile`,
    `see what that is: ps -fp ${owner.pid}; end it if it should not be there, and start corosync: systemctl restart corosync`,
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
