import { dirname } from 'node:path';
import type { Surroundings } from '../surroundings.ts';
import type { Conf } from '../../../conf/syntax.ts';
import { CONFIG_FILE, parseMain } from '../../../conf/files.ts';

/** Where corosync has its configuration: paths as corosync itself sees them. */
export interface ConfFiles {
  readonly configFile: string;
  /** For files with rules; corosync looks for it beside its corosync.conf. */
  readonly uidgidDirectory: string;
}

export function confFiles({ corosync }: Surroundings): ConfFiles {
  const configFile = corosync?.configFile ?? CONFIG_FILE;
  return { configFile, uidgidDirectory: `${dirname(configFile)}/uidgid.d` };
}

/** A path of corosync's as it is reached from here; `undefined` where we may not look into its root directory. */
export function reached({ corosync }: Surroundings, path: string): string | undefined {
  if (corosync === undefined) return path;
  return corosync.root === undefined ? undefined : `${corosync.root}${path}`;
}

export function textOf(surroundings: Surroundings, path: string): string | undefined {
  const here = reached(surroundings, path);
  return here === undefined ? undefined : surroundings.files.text(here);
}

/** `undefined` if it cannot be read. */
export function mainConf(surroundings: Surroundings): Conf | undefined {
  const text = textOf(surroundings, confFiles(surroundings).configFile);
  return text === undefined ? undefined : parseMain(text);
}

/** The value of the last such line, which is the one that counts. */
export function setting(surroundings: Surroundings, section: string, key: string): string | undefined {
  const items = mainConf(surroundings)?.items ?? [];
  return items.filter((item) => item.section === section && item.key === key).at(-1)?.value;
}

/** As far as the configuration can be read; shared memory is the default. */
export function usesDatagrams(surroundings: Surroundings): boolean {
  return setting(surroundings, 'system', 'qb_ipc_type') === 'socket';
}
