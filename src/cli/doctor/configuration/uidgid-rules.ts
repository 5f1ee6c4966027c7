import { userInfo } from 'node:os';
import type { Surroundings } from '../surroundings.ts';
import { idOf } from '../system/accounts.ts';
import type { Conf, ConfItem } from '../../../conf/syntax.ts';
import { parseMain, parseUidgid } from '../../../conf/files.ts';
import { confFiles, reached } from './main-conf.ts';

/** A file with uidgid sections, as corosync sees its path. */
interface RuleFile {
  readonly file: string;
  /** `undefined` if it cannot be read. */
  readonly conf: Conf | undefined;
  /** Of the last change, in ms since 1970; nobody can date that back. */
  readonly changedAt: number;
}

/** Whether a rule allows us. */
export type RuleMatch =
  | {
      readonly result: 'found';
      readonly file: string;
      /** It was written after corosync had started, which may not have read it since. */
      readonly isNew: boolean;
    }
  /** It names a group that we are in, but not as our primary one. */
  | { readonly result: 'supplementary'; readonly file: string; readonly gid: number }
  | { readonly result: 'none' }
  | { readonly result: 'unreadable'; readonly file: string }
  /** It has a name that cannot be looked up here. */
  | { readonly result: 'unknown name'; readonly file: string; readonly name: string };

export type RuleSearch = RuleMatch & {
  /** A file that keeps corosync from reading any of them again, with the line. */
  readonly broken: string | undefined;
};

/** Looks for a rule that allows us, in the files; whether corosync has read them is another matter. */
export function findRule(surroundings: Surroundings): RuleSearch {
  const files = ruleFiles(surroundings);
  const [broken] = files.flatMap(({ file, conf }) =>
    conf?.fault === undefined ? [] : [`${file}:${conf.fault.line}`],
  );
  return { ...match(files, surroundings), broken };
}

function match(files: readonly RuleFile[], surroundings: Surroundings): RuleMatch {
  const { corosync, user } = surroundings;
  // A file that corosync cannot parse allows nobody.
  const sound = files.filter(({ conf }) => conf !== undefined && conf.fault === undefined);
  const rules = sound.flatMap((from) => rulesIn(from.conf).map((rule) => ({ from, rule })));
  const found = rules.find(({ rule }) => allows(rule, surroundings));
  if (found !== undefined) {
    const { file, changedAt } = found.from;
    return { result: 'found', file, isNew: corosync === undefined || !(changedAt < corosync.startedAt) };
  }
  const unreadable = files.find(({ conf }) => conf === undefined);
  if (unreadable !== undefined) return { result: 'unreadable', file: unreadable.file };
  for (const { from, rule } of rules) {
    const id = numberOf(rule, surroundings);
    if (id === undefined) return { result: 'unknown name', file: from.file, name: rule.value };
    if (rule.key === 'gid' && user.groups.includes(id))
      return { result: 'supplementary', file: from.file, gid: id };
  }
  return { result: 'none' };
}

/** corosync.conf, and the files in uidgid.d. */
function ruleFiles(surroundings: Surroundings): RuleFile[] {
  const { files } = surroundings;
  const { configFile, uidgidDirectory } = confFiles(surroundings);
  const directory = reached(surroundings, uidgidDirectory);
  const names = directory === undefined ? undefined : files.names(directory);
  const closed = names === undefined && (directory === undefined || files.trouble(directory) !== 'ENOENT');
  const read = (file: string, parse: (text: string) => Conf): RuleFile => {
    const path = reached(surroundings, file);
    const text = path === undefined ? undefined : files.text(path);
    const changedAt = (path === undefined ? undefined : files.stat(path)?.ctimeMs) ?? NaN;
    return { file, conf: text === undefined ? undefined : parse(text), changedAt };
  };
  const plain = (names ?? []).filter(
    (name) => directory !== undefined && files.stat(`${directory}/${name}`)?.isDirectory() !== true,
  );
  return [
    read(configFile, parseMain),
    ...plain.map((name) => read(`${uidgidDirectory}/${name}`, parseUidgid)),
    ...(closed ? [{ file: uidgidDirectory, conf: undefined, changedAt: NaN }] : []),
  ];
}

function rulesIn(conf: Conf | undefined): ConfItem[] {
  return (conf?.items ?? []).filter(({ section }) => section === 'uidgid');
}

function allows(rule: ConfItem, surroundings: Surroundings): boolean {
  const { seenAs } = surroundings;
  return numberOf(rule, surroundings) === (rule.key === 'uid' ? seenAs.uid : seenAs.gid);
}

/** The system knows our own name, wherever it is from; other names are looked up in corosync's files. */
function numberOf(
  { key, value }: ConfItem,
  { files, corosync, seenAs, user }: Surroundings,
): number | undefined {
  const id = idOf(files, key === 'uid' ? 'passwd' : 'group', value, corosync?.root);
  if (id !== undefined || key !== 'uid' || user.real.uid !== seenAs.uid) return id;
  return value === ownName() ? seenAs.uid : undefined;
}

function ownName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined; // nobody has this uid
  }
}
