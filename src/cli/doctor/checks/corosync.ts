import { CONFIG_FILE, isFirstPidNamespace, type CorosyncProcess } from '../system/corosync-process.ts';
import { note, ok, problem, type Remark } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';

export function checkCorosync({ processes, namespaces, corosync }: Surroundings): Remark[] {
  if (processes.length > 0) return processes.map((process) => describe(process, process === corosync));
  const where = isFirstPidNamespace(namespaces) ? 'here' : 'in this pid namespace; there may be one outside';
  return [note(`no process named corosync can be seen ${where}`)];
}

function describe({ pid, stopped, configFile }: CorosyncProcess, isOurs: boolean): Remark {
  const config = configFile === CONFIG_FILE ? '' : `, configured by ${configFile}`;
  if (!stopped) return ok(`corosync runs: pid ${pid}${config}`);
  const text = `corosync (pid ${pid}) is stopped by a signal or a debugger; it answers nobody`;
  return (isOurs ? problem : note)(text, `kill -CONT ${pid}`);
}
