import { idOf } from '../system/accounts.ts';
import { note, problem, type Remark } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { uidgidFiles } from '../configuration/uidgid-rules.ts';
import { parseUidgid, type UidgidItem } from '../configuration/uidgid-syntax.ts';

const LARGEST_ID = 2 ** 32 - 2;

/** Files in uidgid.d that keep corosync from reloading and, worse, from starting the next time. */
export function checkUidgidFiles(surroundings: Surroundings): Remark[] {
  const root = surroundings.corosync?.root ?? '';
  const { directory } = uidgidFiles(surroundings);
  return (surroundings.files.names(`${root}${directory}`) ?? []).sort().flatMap((name) => {
    const file = `${directory}/${name}`;
    const text = surroundings.files.text(`${root}${file}`);
    return text === undefined ? [] : checkFile(file, text, surroundings);
  });
}

function checkFile(file: string, text: string, surroundings: Surroundings): Remark[] {
  const { items, fault } = parseUidgid(text);
  const bad = items.find((item) => !mayBeKnown(item));
  const first = bad === undefined ? fault : { line: bad.line, reason: `"${bad.value}" is no ${bad.kind}` };
  if (first !== undefined) return [broken(`${file}:${first.line}: ${first.reason}`, text, surroundings)];
  const unknown = items.find((item) => !isKnown(item, surroundings));
  return unknown === undefined ? [] : [unknownName(file, unknown)];
}

/** A number in range, or what may be a name. */
function mayBeKnown({ value }: Pick<UidgidItem, 'value'>): boolean {
  if (/^\+?\d+$/.test(value)) return Number(value) <= LARGEST_ID;
  return /^[^\s\d+#{}-][^\s#{}]*$/.test(value);
}

function isKnown({ kind, value }: UidgidItem, { files, corosync }: Surroundings): boolean {
  if (/^\+?\d+$/.test(value)) return true;
  return idOf(files, kind === 'uid' ? 'passwd' : 'group', value, corosync?.root) !== undefined;
}

function broken(what: string, text: string, surroundings: Surroundings): Remark {
  return problem(
    `corosync cannot read ${what}; it refuses to reload, and does not start again`,
    `write it as follows, each on a line of its own:\n${rightText(text, surroundings)}`,
  );
}

/** Other sources of names (LDAP, ...) are not asked. */
function unknownName(file: string, { line, kind, value }: UidgidItem): Remark {
  const where = kind === 'uid' ? '/etc/passwd' : '/etc/group';
  return note(
    `${file}:${line}: ${where} does not name ${value}; corosync does not start with a name that its machine does not know`,
    'write the number',
  );
}

/** What the file seems to mean, or else a rule for us. */
function rightText(text: string, { seenAs }: Surroundings): string {
  const withoutComments = text.replace(/^[ \t]*#.*$/gm, '');
  const items = [...withoutComments.matchAll(/\b([ug]id)(?:[ \t]*[:=][ \t]*|[ \t]+)(\w[\w.-]*)/g)]
    .filter(([, , value = '']) => mayBeKnown({ value }))
    .map(([, kind = '', value = '']) => `  ${kind}: ${value}`);
  return ['uidgid {', ...(items.length > 0 ? items : [`  uid: ${seenAs.uid}`]), '}'].join('\n');
}
