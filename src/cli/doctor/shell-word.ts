const PLAIN = /^[\w@%+=:,./-]+$/;

/**
 * A word as a shell takes it. Who runs a remedy must run nothing that somebody has put into a name: those of control groups, of a
 * process's files and of mounts can be any user's.
 */
export function shellWord(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
