import { dirname } from 'node:path';
import { idOf } from '../system/accounts.ts';
import { parseConf } from './corosync-conf.ts';
import { CONFIG_FILE } from '../system/corosync-process.ts';
import type { Surroundings } from '../surroundings.ts';
import { parseUidgid } from './uidgid-syntax.ts';

/** Where corosync reads its uidgid sections: paths as corosync itself sees them. */
export interface UidgidFiles {
  readonly configFile: string;
  /** corosync looks for it beside its corosync.conf. */
  readonly directory: string;
}

export function uidgidFiles({ corosync }: Surroundings): UidgidFiles {
  const configFile = corosync?.configFile ?? CONFIG_FILE;
  return { configFile, directory: `${dirname(configFile)}/uidgid.d` };
}

export type RuleSearch =
  | { readonly result: 'found'; readonly file: string }
  | { readonly result: 'none' }
  | { readonly result: 'unreadable'; readonly file: string };

/** Looks for a rule that allows us, in the files; whether corosync has read them is another matter. */
export function findRule(surroundings: Surroundings): RuleSearch {
  const { files, corosync } = surroundings;
  const root = corosync?.root ?? '';
  const { configFile, directory } = uidgidFiles(surroundings);
  const names = files.names(`${root}${directory}`);
  let unreadable =
    names === undefined && files.stat(`${root}${directory}`) !== undefined ? directory : undefined;
  for (const file of [configFile, ...(names ?? []).map((name) => `${directory}/${name}`)]) {
    const text = files.text(`${root}${file}`);
    // A file that corosync cannot parse allows nobody.
    const parses = text !== undefined && (file === configFile || parseUidgid(text).fault === undefined);
    if (text === undefined) unreadable ??= file;
    else if (parses && allows(text, surroundings, root)) return { result: 'found', file };
  }
  return unreadable === undefined ? { result: 'none' } : { result: 'unreadable', file: unreadable };
}

function allows(text: string, { files, seenAs }: Surroundings, root: string): boolean {
  return parseConf(text).some(({ section, key, value }) => {
    if (section !== 'uidgid') return false;
    if (key === 'uid') return idOf(files, 'passwd', value, root) === seenAs.uid;
    return key === 'gid' && idOf(files, 'group', value, root) === seenAs.gid;
  });
}
