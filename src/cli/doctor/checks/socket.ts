import { FORCE_FILESYSTEM_SOCKETS, describeSocketPath } from '../../../ipc/socket-address.ts';
import { DIRECTORY_VARIABLES } from '../../directories.ts';
import { remedyForAbsence } from './absence.ts';
import { ok, problem, type Remark } from '../finding.ts';
import { abstractName, listeningSockets } from '../system/listening-sockets.ts';
import type { Surroundings } from '../surroundings.ts';

/** Whether anybody listens where we are going to connect. */
export function checkSocket(surroundings: Surroundings): Remark {
  return surroundings.socketPath.startsWith('\0') ? checkName(surroundings) : checkFile(surroundings);
}

function checkName(surroundings: Surroundings): Remark {
  const { files, socketPath } = surroundings;
  const name = `${describeSocketPath(socketPath)}, an abstract name,`;
  if (listeningSockets(files, 'self').includes(abstractName(socketPath))) {
    return ok(`${name} is bound in this network namespace`);
  }
  return problem(`${name} is not bound in this network namespace`, remedyForAbsence(surroundings));
}

function checkFile(surroundings: Surroundings): Remark {
  const { files, socketPath, socketDirectory } = surroundings;
  const why =
    socketDirectory === undefined
      ? `, a file because ${FORCE_FILESYSTEM_SOCKETS} exists,`
      : `, by --socket-directory or $${DIRECTORY_VARIABLES.socketDirectory},`;
  const file = `${socketPath}${why}`;
  const stat = files.stat(socketPath);
  if (stat === undefined) return problem(`${file} is not there`, remedyForAbsence(surroundings));
  if (!stat.isSocket()) return problem(`${file} is no socket`, remedyForAbsence(surroundings));
  if (files.writable(socketPath)) return ok(`${file} is a socket`);
  return problem(
    `${file} is a socket that this user may not write to`,
    `run as root, or: chmod o+w ${socketPath}`,
  );
}
