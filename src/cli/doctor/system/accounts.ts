import type { SystemFiles } from './system-files.ts';

/** The files that name users and groups. */
export type AccountFile = 'passwd' | 'group';

interface Account {
  readonly name: string;
  readonly id: number;
}

/** @param root where `/etc` lies, for a corosync in a container. */
export function nameOf(files: SystemFiles, file: AccountFile, id: number, root = ''): string | undefined {
  return accounts(files, file, root).find((account) => account.id === id)?.name;
}

/** What corosync makes of a name or a number in a uidgid section. */
export function idOf(files: SystemFiles, file: AccountFile, name: string, root = ''): number | undefined {
  if (/^\d+$/.test(name)) return Number(name);
  return accounts(files, file, root).find((account) => account.name === name)?.id;
}

/** `nobody (65534)`, or the number alone. */
export function showId(files: SystemFiles, file: AccountFile, id: number): string {
  const name = nameOf(files, file, id);
  return name === undefined ? String(id) : `${id} (${name})`;
}

function accounts(files: SystemFiles, file: AccountFile, root: string): Account[] {
  const lines = (files.text(`${root}/etc/${file}`) ?? '').split('\n');
  return lines.flatMap((line) => {
    const [name = '', , id = ''] = line.split(':');
    return name !== '' && /^\d+$/.test(id) ? [{ name, id: Number(id) }] : [];
  });
}
