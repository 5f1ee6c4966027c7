/** A line `key: value` of corosync.conf, or of a file in uidgid.d. */
export interface ConfItem {
  /** From 1. */
  readonly line: number;
  /** The sections it stands in, joined by dots. */
  readonly section: string;
  /** The lines on which they begin: several may have the same name. */
  readonly within: readonly number[];
  readonly key: string;
  readonly value: string;
}

/** A line without its place in the file. */
export type Setting = Pick<ConfItem, 'section' | 'key' | 'value'>;

export interface ConfFault {
  /** The line it is on, from 1. */
  readonly line: number;
  readonly reason: string;
}

/** What corosync makes of a file. It goes no further than the first fault, and then takes nothing of the file. */
export interface Conf {
  readonly items: readonly ConfItem[];
  readonly fault: ConfFault | undefined;
}

/** What a kind of file allows, beyond the syntax; each returns what is wrong, or `undefined`. */
export interface ConfRules {
  section(path: string): string | undefined;
  item(item: Setting): string | undefined;
}

/** corosync reads lines into 512 bytes, with their newline and a NUL. */
const MAX_LINE = 510;
/** A path of sections and key is a key of the map, which has less than this many bytes. */
const MAX_PATH = 255;

/** The rules of corosync's parser (exec/coroparse.c; tried on 3.1.7 with `corosync -t`). */
export function parseConf(text: string, rules: ConfRules): Conf {
  const items: ConfItem[] = [];
  const sections: Section[] = [];
  const lines = text.replace(/\n$/, '').split('\n');
  for (const [index, raw] of lines.entries()) {
    const line = index + 1;
    const read = readLine(raw, line, sections, rules);
    if (typeof read === 'string') return { items, fault: { line, reason: read } };
    if (read !== undefined) items.push({ line, within: sections.map((section) => section.line), ...read });
  }
  if (sections.length === 0) return { items, fault: undefined };
  return {
    items,
    fault: { line: lines.length, reason: `the closing } of ${pathOf(sections)} is missing` },
  };
}

/** A section that has begun. */
interface Section {
  readonly name: string;
  readonly line: number;
}

function pathOf(sections: readonly Section[]): string {
  return sections.map(({ name }) => name).join('.');
}

/** Opens and closes `sections`. Returns what is wrong as text. */
function readLine(
  raw: string,
  number: number,
  sections: Section[],
  rules: ConfRules,
): Setting | string | undefined {
  if (bytesOf(raw) > MAX_LINE) return `the line is longer than ${MAX_LINE} bytes`;
  const line = trim(raw.replace(/\r$/, ''));
  if (line === '' || line.startsWith('#')) return undefined;
  if (line.includes('{')) return open(line, number, sections, rules);
  if (line.includes(':')) return readItem(line, sections, rules);
  if (!line.includes('}')) return 'the line is none of "name {", "name: value" and "}"';
  if (line !== '}') return '"}" has to be on a line of its own';
  return sections.pop() === undefined ? 'there is a "}" too many' : undefined;
}

function open(line: string, number: number, sections: Section[], rules: ConfRules): string | undefined {
  const [before = '', ...behind] = line.split('{');
  const name = withoutMarks(before);
  if (name === '') return 'the name of the section is missing';
  if (behind.join('{') !== '') return 'nothing may stand behind "{" on its line';
  const path = pathOf([...sections, { name, line: number }]);
  if (Buffer.byteLength(path) >= MAX_PATH) return 'the names of the sections are too long';
  sections.push({ name, line: number });
  return rules.section(path);
}

function readItem(line: string, sections: readonly Section[], rules: ConfRules): Setting | string {
  const colon = line.indexOf(':');
  const [key, value] = [withoutMarks(line.slice(0, colon)), trim(line.slice(colon + 1))];
  const section = pathOf(sections);
  if (Buffer.byteLength(`${section}.${key}`) >= MAX_PATH) return 'the name before ":" is too long';
  const item = { section, key, value };
  return rules.item(item) ?? item;
}

/**
 * What all lines `key: value` say, in whatever section they stand: of a file with a mistake, for corosync reads no further. Lines that are too long are
 * mistakes themselves.
 */
export function valuesOf(text: string, key: string): readonly string[] {
  return text.split('\n').flatMap((raw) => {
    if (raw.length > MAX_LINE) return [];
    const line = trim(raw.replace(/\r$/, ''));
    const colon = line.indexOf(':');
    return trim(line.slice(0, Math.max(colon, 0))) === key ? [trim(line.slice(colon + 1))] : [];
  });
}

/** What is not UTF-8 was read as U+FFFD, which has three bytes, for at least one. */
function bytesOf(text: string): number {
  return Buffer.byteLength(text) - 2 * (text.split('\ufffd').length - 1);
}

function trim(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '');
}

/** corosync takes what it cuts at for space. */
function withoutMarks(name: string): string {
  return name.replace(/^[ \t]+|[ \t:{]+$/g, '');
}
