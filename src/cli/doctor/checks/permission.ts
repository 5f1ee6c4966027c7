import { confFiles } from '../configuration/main-conf.ts';
import { findRule, type RuleSearch } from '../configuration/uidgid-rules.ts';
import { note, ok, type Remark } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { nameOf, showId } from '../system/accounts.ts';
import { shellWord } from '../shell-word.ts';

/** systemd gives these to units with DynamicUser=, another one each time. */
const DYNAMIC = { first: 61_184, last: 65_519 } as const;

/** Whether corosync's files allow us. Rules can also be set in its map, so that only a connection really tells. */
export function checkPermission(surroundings: Surroundings): Remark {
  const { uid, gid } = surroundings.seenAs;
  if (uid === 0 || gid === 0) return ok('corosync allows root and group 0');
  const us = `uid ${uid} or gid ${gid}`;
  const search = findRule(surroundings);
  switch (search.result) {
    case 'found':
      return ok(`${search.file} allows uid ${uid}, gid ${gid}`);
    case 'supplementary':
      return note(
        'rule-supplementary',
        supplementaryText(search, surroundings),
        supplementaryRemedy(search, surroundings),
      );
    case 'none': {
      const { configFile, uidgidDirectory } = confFiles(surroundings);
      return note('no-rule', `neither ${configFile} nor a file in ${uidgidDirectory} allows ${us}`);
    }
    case 'unreadable':
      return note('rule-unknown', `${search.file} cannot be read; whether it allows ${us} is unknown`);
    case 'unknown name':
      return note(
        'rule-unknown',
        `${search.file} names ${search.name}, who is not known here; whether that allows ${us} is unknown`,
      );
  }
}

type Supplementary = Extract<RuleSearch, { result: 'supplementary' }>;

function supplementaryText({ file, gid }: Supplementary, { files }: Surroundings): string {
  return `${file} allows group ${showId(files, 'group', gid)}, which is a supplementary group of this process; corosync counts the primary one only`;
}

function supplementaryRemedy({ gid }: Supplementary, { files }: Surroundings): string {
  const name = nameOf(files, 'group', gid);
  const command = name === undefined ? '' : `sg ${shellWord(name)} COMMAND, or `;
  return `make it the primary one: ${command}Group=${name ?? gid} in its unit; or allow the user: uid, not gid`;
}

/** For when corosync has refused us; `undefined` if no rule is missing. */
export function permissionRemedy(surroundings: Surroundings): string | undefined {
  const { uid, gid } = surroundings.seenAs;
  if (uid === 0 || gid === 0) return undefined;
  const search = findRule(surroundings);
  if (search.result === 'found' && !search.isNew) return undefined;
  const { broken } = search;
  const first =
    broken === undefined ? '' : `first mend ${broken}, before which corosync reads no rule; then `;
  return `${first}${missingRule(search, surroundings)}`;
}

/** The rule has a number, not a name: corosync does not start with a name that it does not know, and the names of a container are not those
 * of its host.
 */
function missingRule(search: RuleSearch, surroundings: Surroundings): string {
  const { uid } = surroundings.seenAs;
  if (search.result === 'found') {
    return `${search.file} allows this user, but corosync may not have read it: run corosync-cfgtool -R as root`;
  }
  if (search.result === 'supplementary') return supplementaryRemedy(search, surroundings);
  const dynamic = isDynamic(uid)
    ? 'give the unit a User= instead of DynamicUser=, whose uids change; then, for that user, '
    : '';
  const file = `${confFiles(surroundings).uidgidDirectory}/${fileName(surroundings)}`;
  const rule = `uidgid {\n  uid: ${uid}\n}`;
  return `${dynamic}as root, create ${file} where corosync runs, with these lines, and run corosync-cfgtool -R:\n${rule}`;
}

function isDynamic(uid: number): boolean {
  return uid >= DYNAMIC.first && uid <= DYNAMIC.last;
}

/** After the user, if that makes a file name. */
function fileName({ files, user, seenAs }: Surroundings): string {
  const name = nameOf(files, 'passwd', user.real.uid);
  return name !== undefined && /^\w[\w.-]*$/.test(name) ? name : `uid-${seenAs.uid}`;
}
