import { CONFIG_FILE } from '../../../conf/files.ts';
import { note, ok, problem, type Remark } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import type { CorosyncProcess, Tracer } from '../system/corosync-process.ts';
import { hiding } from './hidden-processes.ts';
import { isFirstPidNamespace } from '../system/namespaces.ts';
import { isKnownId } from '../system/user-namespace.ts';

export function checkCorosync(surroundings: Surroundings): Remark[] {
  const { processes, corosync } = surroundings;
  const remarks = processes.flatMap((process) => [
    ...notRoots(process, surroundings),
    describe(process, process === corosync),
  ]);
  if (corosync !== undefined) return remarks;
  const hidden = hiding(surroundings);
  if (hidden !== undefined) return [...remarks, note('processes-hidden', ...hidden)];
  return processes.length > 0 ? remarks : [notSeen(surroundings)];
}

function notSeen({ namespaces }: Surroundings): Remark {
  const where = isFirstPidNamespace(namespaces) ? 'here' : 'in this pid namespace; there may be one outside';
  return note('corosync-not-seen', `no process named corosync can be seen ${where}`);
}

/** What it names as its files, groups and mounts is then that user's choice. */
function notRoots({ pid, status: { uid } }: CorosyncProcess, { files, user }: Surroundings): Remark[] {
  if (uid === 0 || uid === user.effective.uid || !isKnownId(files, uid)) return [];
  const text = `pid ${pid} is named corosync, and uid ${uid} runs it: any user can give a program this name`;
  const remedy = `unless corosync is meant to run as uid ${uid}, end it, and do nothing that is said of it below`;
  return [note('corosync-not-root', text, remedy)];
}

function describe(process: CorosyncProcess, isOurs: boolean): Remark {
  const { pid, stopped, tracer, thaw, configFile, status } = process;
  const config = configFile === CONFIG_FILE ? '' : `, configured by ${configFile}`;
  const remark = isOurs ? problem : note;
  if (tracer !== undefined) return traced(pid, tracer, isOurs);
  if (stopped) {
    const text = `corosync (pid ${pid}) is stopped by a signal; it answers nobody`;
    return remark('corosync-stopped', text, `kill -CONT ${pid}`);
  }
  if (thaw !== undefined) {
    const text = `corosync (pid ${pid}) is frozen, with its control group; it answers nobody`;
    return remark(
      'corosync-frozen',
      text,
      `docker unpause NAME, if it was docker pause; else, as root: ${thaw}`,
    );
  }
  if (status.state === 'D') {
    return note(
      'corosync-waits',
      `corosync (pid ${pid}) waits in the kernel, for a disk perhaps; until then it answers nobody`,
    );
  }
  return ok(`corosync runs: pid ${pid}${config}`);
}

/** Only the tracer can let it go on. A debugger that is killed may leave breakpoints in it, at which corosync dies. */
function traced(pid: number, { pid: tracer, name, holds }: Tracer, isOurs: boolean): Remark {
  const who = tracer === undefined ? `a debugger ${name}` : `pid ${tracer} (${name})`;
  const see = tracer === undefined ? '' : `see what that is: ps -fp ${tracer}; `;
  if (!holds) {
    const text = `corosync (pid ${pid}) is traced by ${who}: it is slower, and stands still whenever that wants`;
    return note('corosync-traced', text, `${see}detach it when it is not needed any more`);
  }
  return (isOurs ? problem : note)(
    'corosync-traced',
    `corosync (pid ${pid}) is held by ${who}; until that lets it go on, it answers nobody`,
    `${see}let corosync go on in it, or detach it (gdb: detach); kill -CONT does not help, and do not kill a debugger`,
  );
}
