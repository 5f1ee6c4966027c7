import { CsError } from '../errors/index.ts';

/** What the C functions that the library names stand for. */
const OPERATIONS: ReadonlyMap<string, string> = new Map([
  ['cmap_get', 'cannot get'],
  ['cmap_set', 'cannot set'],
  ['cmap_delete', 'cannot delete'],
  ['cmap_adjust_int', 'cannot change'],
  ['cmap_iter_init', 'cannot list'],
  ['cmap_iter_next', 'cannot list'],
  ['cmap_track_add', 'cannot track'],
  ['cmap_initialize_map', 'cannot connect'],
  ['connect', 'cannot connect'],
  ['connection', 'connection lost'],
  ['follow', 'cannot follow'],
]);

/** An error on one line: what failed, for which key, with which code, and what the library says about it. */
export function explain(error: unknown): string {
  if (!(error instanceof CsError)) return oneLine(error instanceof Error ? error.message : String(error));
  const { operation, key, message } = error;
  const what = [OPERATIONS.get(operation) ?? operation, key].filter((part) => part !== undefined).join(' ');
  return oneLine(`${what}: ${message.slice(message.indexOf(`${error.code} (`))}`);
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ');
}
