import type { Conf, ConfItem } from '../../../conf/syntax.ts';
import { mayBeId, parseUidgid } from '../../../conf/files.ts';
import { confFiles, mainConf, reached, textOf } from '../configuration/main-conf.ts';
import { note, problem, type Remark } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { idOf } from '../system/accounts.ts';

/** Rules that keep corosync from reloading and, worse, from starting the next time. */
export function checkUidgidFiles(surroundings: Surroundings): Remark[] {
  const { files } = surroundings;
  const { configFile, uidgidDirectory } = confFiles(surroundings);
  const directory = reached(surroundings, uidgidDirectory);
  const names = (directory === undefined ? undefined : files.names(directory)) ?? [];
  return [
    ...unknownNames(configFile, mainConf(surroundings), surroundings),
    ...names.sort().flatMap((name) => checkFile(`${uidgidDirectory}/${name}`, surroundings)),
  ];
}

function checkFile(file: string, surroundings: Surroundings): Remark[] {
  const text = textOf(surroundings, file);
  if (text === undefined) return [];
  const conf = parseUidgid(text);
  if (conf.fault === undefined) return unknownNames(file, conf, surroundings);
  const { line, reason } = conf.fault;
  return [
    problem(
      'uidgid-file-broken',
      `corosync cannot read ${file}:${line}: ${reason}; it refuses to reload, and does not start again`,
      `write it as follows, each on a line of its own:\n${rightText(text, surroundings)}`,
    ),
  ];
}

/** Other sources of names (LDAP, ...) are not asked. */
function unknownNames(file: string, conf: Conf | undefined, surroundings: Surroundings): Remark[] {
  if (conf === undefined || conf.fault !== undefined) return [];
  const unknown = conf.items.find((item) => item.section === 'uidgid' && !isKnown(item, surroundings));
  if (unknown === undefined) return [];
  const { line, key, value } = unknown;
  const where = key === 'uid' ? '/etc/passwd' : '/etc/group';
  return [
    note(
      'name-unknown',
      `${file}:${line}: ${where} does not name ${value}; corosync does not start with a name that its machine does not know`,
      'write the number',
    ),
  ];
}

function isKnown({ key, value }: ConfItem, { files, corosync }: Surroundings): boolean {
  if (/^\+?\d+$/.test(value)) return true;
  return idOf(files, key === 'uid' ? 'passwd' : 'group', value, corosync?.root) !== undefined;
}

/** What the file seems to mean, or else a rule for us. */
function rightText(text: string, { seenAs }: Surroundings): string {
  const withoutComments = text.replace(/^[ \t]*#.*$/gm, '');
  const items = [...withoutComments.matchAll(/\b([ug]id)(?:[ \t]*[:=][ \t]*|[ \t]+)(\w[\w.-]*)/g)]
    .filter(([, , value = '']) => mayBeId(value))
    .map(([, kind = '', value = '']) => `  ${kind}: ${value}`);
  return ['uidgid {', ...(items.length > 0 ? items : [`  uid: ${seenAs.uid}`]), '}'].join('\n');
}
