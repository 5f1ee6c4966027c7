import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CpgGroup } from '../../../src/index.ts';
import { codeBlocks } from '../documents.ts';

/** What the example needs of its group. */
export type TableGroup = Pick<CpgGroup, 'address' | 'events' | 'mcast'>;

/** The class of docs/cpg.md. */
export interface Table {
  readonly entries: ReadonlyMap<string, string>;
  set(key: string, value: string): Promise<void>;
}

export type TableClass = new (
  group: TableGroup,
  onChange: (entries: ReadonlyMap<string, string>) => void,
) => Table;

/** The table of docs/cpg.md as it is written there, with the program behind it. */
export function tableExample(): string {
  const example = codeBlocks('docs/cpg.md', 'js').find((block) => block.includes('\nclass Table {'));
  if (example === undefined) throw new Error('docs/cpg.md has no example with a table');
  return example;
}

/** Its class, without the program. It imports nothing of ours but what the program uses. */
export async function importTable(): Promise<TableClass> {
  const [text] = /^[^]*?^class Table \{[^]*?^\}$/m.exec(tableExample()) ?? [];
  if (text === undefined) throw new Error('the class of the example has no end');
  const directory = join(process.cwd(), 'build', 'cpg-table');
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `table-${process.pid}.mjs`);
  writeFileSync(file, `${text.replace(/^import .* from 'corosync-client';$/m, '')}\nexport { Table };\n`);
  return ((await import(pathToFileURL(file).href)) as { Table: TableClass }).Table;
}
