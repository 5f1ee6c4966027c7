import { confFiles, mainConf, reached } from '../configuration/main-conf.ts';
import { note, problem, type Remark } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { abstractName, listeningSockets } from '../system/listening-sockets.ts';
import { shellWord } from '../shell-word.ts';

/** A corosync.conf that keeps corosync from reloading and, worse, from starting the next time. */
export function checkConfiguration(surroundings: Surroundings): Remark[] {
  const { configFile } = confFiles(surroundings);
  const fault = mainConf(surroundings)?.fault;
  if (fault !== undefined) {
    return [
      problem(
        'conf-broken',
        `corosync cannot read ${configFile}:${fault.line}: ${fault.reason}; it refuses to reload, and does not start again`,
        `mend it, and try it where corosync runs: corosync -t -c ${shellWord(configFile)}`,
      ),
    ];
  }
  return isMissing(surroundings, configFile)
    ? [
        note(
          'conf-missing',
          `there is no ${configFile} here; corosync does not start without`,
          'write it: man 5 corosync.conf',
        ),
      ]
    : [];
}

/** Where corosync runs, or somebody has its name, it lies elsewhere. */
function isMissing(surroundings: Surroundings, configFile: string): boolean {
  const { files, processes, socketPath, owner } = surroundings;
  if (
    owner !== undefined ||
    processes.length > 0 ||
    listeningSockets(files, 'self').includes(abstractName(socketPath))
  )
    return false;
  const file = reached(surroundings, configFile);
  return file !== undefined && files.trouble(file) === 'ENOENT';
}
