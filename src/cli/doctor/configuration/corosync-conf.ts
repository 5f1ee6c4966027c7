/** A line of corosync.conf, or of a file in uidgid.d. */
export interface ConfEntry {
  /** The sections it stands in, joined by dots. */
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

/** `name {` opens a section, `}` closes it, `key: value` between them. */
export function parseConf(text: string): ConfEntry[] {
  const sections: string[] = [];
  return text.split('\n').flatMap((raw): ConfEntry[] => {
    const line = raw.trim();
    if (line.startsWith('#')) return [];
    const section = /^(\S+)\s*\{/.exec(line)?.[1];
    if (section !== undefined) sections.push(section);
    else if (line.startsWith('}')) sections.pop();
    const [, key, value] = /^([^\s:{]+)\s*:\s*(.+)$/.exec(line) ?? [];
    return key !== undefined && value !== undefined ? [{ section: sections.join('.'), key, value }] : [];
  });
}
