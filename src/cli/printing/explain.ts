import { ConnectionError, CsError, isNobodyThere } from '../../errors/index.ts';

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
  ['quorum_model_initialize', 'cannot connect'],
  ['votequorum_initialize', 'cannot connect'],
  ['corosync_cfg_initialize', 'cannot connect'],
  ['cpg_model_initialize', 'cannot connect'],
  ['cpg_join', 'cannot join'],
  ['cpg_mcast_joined', 'cannot send to'],
  ['cpg_leave', 'cannot leave'],
  ['cpg_dispatch', 'cannot listen to'],
  ['cpg_iteration_initialize', 'cannot list'],
  ['cpg_iteration_next', 'cannot list'],
  ['cpg_membership_get', 'cannot list the members of'],
  ['connect', 'cannot connect'],
  ['session', 'cannot connect'],
  ['connection', 'connection lost'],
  ['follow', 'cannot follow'],
  ['Cluster.snapshot', 'cannot tell how the cluster is'],
]);

/**
 * An error on one line: what failed, for which key, with which code, and what the library says about it.
 * @param operation what failed, where it is not what the library calls it
 */
export function explain(error: unknown, operation?: string): string {
  if (!(error instanceof CsError)) return oneLine(error instanceof Error ? error.message : String(error));
  const { key, message } = error;
  const failed = operation ?? error.operation;
  const what = [OPERATIONS.get(failed) ?? failed, ...(key === undefined ? [] : [key === '' ? "''" : key])];
  return oneLine(`${what.join(' ')}: ${inOurWords(message.slice(message.indexOf(`${error.code} (`)))}`);
}

/** The same for a connection that could not be made; where nobody answers, doctor tells why. */
export function explainConnecting(error: unknown): string {
  const absent =
    error instanceof ConnectionError && error.operation === 'connect' && isNobodyThere(error.errno);
  return `${explain(error)}${absent ? '; `corosync-client doctor` says more' : ''}`;
}

/** The library names its options; ours have other names. */
const OPTIONS: ReadonlyMap<string, string> = new Map([
  ['pass coverCrashingKeys: true', 'give --cover-crashing-keys'],
  ['prefix: true', '--prefix'],
  ['sharedMemoryDirectory', '--shm-directory'],
  ['socketDirectory', '--socket-directory'],
  ['configFile', '--config-file'],
  ['socketName', '--socket-name'],
  ['bufferSize', '--buffer-size'],
  ['timeoutMs', '--timeout'],
]);

/** Whole words only, and none that are quoted or part of a key or a path: those are the user's. */
const OPTION = new RegExp(
  `(?<![\\w./"'-])(?:options\\.)?(${[...OPTIONS.keys()].join('|')})(?![\\w/"'-]|\\.\\w)`,
  'g',
);

function inOurWords(text: string): string {
  return text.replace(OPTION, (words, name: string) => OPTIONS.get(name) ?? words);
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ');
}
