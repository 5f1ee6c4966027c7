export interface UidgidFault {
  /** The line it is on, from 1. */
  readonly line: number;
  readonly reason: string;
}

/** A user or group in a uidgid section. */
export interface UidgidItem {
  readonly line: number;
  readonly kind: 'uid' | 'gid';
  readonly value: string;
}

/** What corosync makes of a file in uidgid.d. It goes no further than the first fault. */
export interface UidgidText {
  readonly items: readonly UidgidItem[];
  readonly fault: UidgidFault | undefined;
}

/** corosync reads lines into 512 bytes, with their newline and a NUL. */
const MAX_LINE = 510;

/**
 * The rules of corosync's parser (exec/coroparse.c; tried on 3.1.7 with `corosync -t`), for the files in uidgid.d only:
 * in corosync.conf other sections are allowed.
 */
export function parseUidgid(text: string): UidgidText {
  const items: UidgidItem[] = [];
  const lines = text.split('\n');
  let inside = false;
  for (const [index, raw] of lines.entries()) {
    const read = readLine(raw, inside);
    const line = index + 1;
    if (typeof read === 'string') return { items, fault: { line, reason: read } };
    inside = read.inside;
    if (read.item !== undefined) items.push({ line, ...read.item });
  }
  return { items, fault: inside ? { line: lines.length, reason: 'the closing } is missing' } : undefined };
}

interface Line {
  /** Whether the next line is in a section. */
  readonly inside: boolean;
  readonly item?: Omit<UidgidItem, 'line'>;
}

/** Returns what is wrong as text. */
function readLine(raw: string, inside: boolean): Line | string {
  if (Buffer.byteLength(raw) > MAX_LINE) return `the line is longer than ${MAX_LINE} bytes`;
  const line = trim(raw.replace(/\r$/, ''));
  if (line === '' || line.startsWith('#')) return { inside };
  if (line.includes('{')) return readOpening(line, inside);
  if (line.includes(':')) return readItem(line, inside);
  if (!line.includes('}')) return 'the line is none of "uidgid {", "uid: N", "gid: N" and "}"';
  if (line !== '}') return '"}" has to be on a line of its own';
  return inside ? { inside: false } : 'there is a "}" too many';
}

function readOpening(line: string, inside: boolean): Line | string {
  const [name = '', ...behind] = line.split('{');
  if (behind.join('{') !== '') return 'nothing may stand behind "{" on its line';
  if (inside) return 'a section may not be in another';
  return withoutMarks(name) === 'uidgid' ? { inside: true } : 'only sections named uidgid may be here';
}

function readItem(line: string, inside: boolean): Line | string {
  const colon = line.indexOf(':');
  const kind = withoutMarks(line.slice(0, colon));
  if (!inside || (kind !== 'uid' && kind !== 'gid'))
    return 'only uid and gid in a uidgid section may be here';
  const value = trim(line.slice(colon + 1));
  return { inside, item: { kind, value } };
}

function trim(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '');
}

/** corosync takes what it cuts at for space. */
function withoutMarks(name: string): string {
  return name.replace(/^[ \t]+|[ \t:{]+$/g, '');
}
