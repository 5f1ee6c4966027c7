import { parseConf, type Conf, type ConfItem, type ConfRules } from './conf-syntax.ts';

const ONLY_IDS = 'only uid and gid in a uidgid section may be here';
const LARGEST_ID = 2 ** 32 - 2;

/** corosync.conf may have any section; only in some of them corosync minds what is there. */
const MAIN: ConfRules = {
  section: (path) =>
    path.startsWith('uidgid.') || path.startsWith('totem.interface.member.')
      ? 'no section may be in this one'
      : undefined,
  item: (item) => (item.section === 'uidgid' ? checkId(item) : undefined),
};

const UIDGID: ConfRules = {
  section: (path) => (path === 'uidgid' ? undefined : 'only sections named uidgid may be here'),
  item: (item) => (item.section === 'uidgid' ? checkId(item) : ONLY_IDS),
};

function checkId({ key, value }: Omit<ConfItem, 'line'>): string | undefined {
  if (key !== 'uid' && key !== 'gid') return ONLY_IDS;
  return mayBeId(value) ? undefined : `"${value}" is no ${key}`;
}

/** A number in range, or what may be a name. */
export function mayBeId(value: string): boolean {
  if (/^\+?\d+$/.test(value)) return Number(value) <= LARGEST_ID;
  return /^[^\s\d+#{}-][^\s#{}]*$/.test(value);
}

/** What corosync makes of its corosync.conf. Of the values it minds more than ids: `corosync -t` tells. */
export function parseMain(text: string): Conf {
  return parseConf(text, MAIN);
}

/** What corosync makes of a file in uidgid.d. */
export function parseUidgid(text: string): Conf {
  return parseConf(text, UIDGID);
}
