import { parseConf, type Conf, type ConfRules, type Setting } from './syntax.ts';

/** Where corosync has its configuration, unless it was started with another file. */
export const CONFIG_FILE = '/etc/corosync/corosync.conf';

/** Bytes of a corosync.conf that is read. Sixty-four nodes with eight links have a twelfth of it. */
export const LARGEST_FILE = 256 * 1024;

const ONLY_IDS = 'only uid and gid in a uidgid section may be here';
const LARGEST_ID = 2 ** 32 - 2;

/** corosync.conf may have any section; only in some of them corosync minds what is there. */
const MAIN: ConfRules = {
  section: () => undefined,
  item: (item) => {
    if (item.section.startsWith('uidgid.')) return ONLY_IDS;
    return item.section === 'uidgid' ? checkId(item) : checkName(item);
  },
};

const UIDGID: ConfRules = {
  section: (path) => (path === 'uidgid' ? undefined : 'only sections named uidgid may be here'),
  item: (item) => (item.section === 'uidgid' ? checkId(item) : ONLY_IDS),
};

/** What becomes a key of the map. */
function checkName(setting: Setting): string | undefined {
  const path = mapKeyOf(setting);
  return /^[\w.:/-]{3,}$/.test(path) ? undefined : `"${path}" cannot be the name of a key`;
}

/** The key of the map that it becomes, if its section is none of those that corosync minds. */
export function mapKeyOf({ section, key }: Setting): string {
  return section === '' ? key : `${section}.${key}`;
}

function checkId({ key, value }: Setting): string | undefined {
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
