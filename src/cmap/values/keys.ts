import { MAX_NAME_LENGTH } from '../../codec/cmap/name.ts';
import type { CmapMap } from '../../codec/cmap/set-current-map.ts';
import { CsError } from '../../errors/index.ts';

const MIN_KEY_LENGTH = 3;
const LEGAL_CHARACTERS = /^[a-zA-Z0-9._\-/:]*$/;
const RULE = `a key has ${MIN_KEY_LENGTH} to ${MAX_NAME_LENGTH} of the characters a-z A-Z 0-9 . _ - / :`;

/** In the stats map, keys that can be set. */
export const CLEARING = 'stats.clear.';

/** What no client may change, as corosync 3.1.7 declares it in exec/main.c. */
export const READ_ONLY_PREFIXES: readonly string[] = [
  'internal_configuration.',
  'runtime.services.',
  'runtime.config.',
  'runtime.totem.',
  'uidgid.config.',
  'system.',
  'nodelist.',
];

/**
 * Checks a key that is to be created or changed. corosync reports every breach of its rule
 * as CS_ERR_NAME_TOO_LONG, but looks first whether the key is read-only; so does this, before anything is sent.
 */
export function checkKeyToSet(operation: string, key: string, map: CmapMap): string {
  checkName(operation, key);
  if (isPossibleKey(key)) return key;
  refuseReadOnly(operation, key, map);
  throw new CsError('CS_ERR_NAME_TOO_LONG', { operation, key, detail: RULE });
}

/** Checks a key that must be there: one that corosync could never store does not exist. */
export function checkExistingKey(operation: string, key: string): string {
  checkName(operation, key);
  if (isPossibleKey(key)) return key;
  throw new CsError('CS_ERR_NOT_EXIST', { operation, key, detail: `corosync can hold no such key; ${RULE}` });
}

/** As checkExistingKey, for calls that would change the key: what is read-only is refused before existence matters. */
export function checkKeyToChange(operation: string, key: string, map: CmapMap): string {
  checkName(operation, key);
  if (!isPossibleKey(key)) refuseReadOnly(operation, key, map);
  return checkExistingKey(operation, key);
}

/** Checks a key or prefix to track. libcmap accepts what can never match; such a tracker would wait for ever. */
export function checkTrackedKey(operation: string, key: string, prefix: boolean): string {
  checkName(operation, key);
  if (prefix ? LEGAL_CHARACTERS.test(key) : isPossibleKey(key)) return key;
  const detail =
    key === ''
      ? 'an empty key matches nothing; with `prefix: true` it matches everything'
      : `can never match; ${RULE}`;
  throw new CsError('CS_ERR_INVALID_PARAM', { operation, key, detail });
}

/**
 * Checks a prefix to iterate, and returns it as the bytes that libcmap would send. One that no key can have is no error:
 * it has no keys.
 */
export function checkPrefix(operation: string, prefix: string): string {
  checkName(operation, prefix);
  return LEGAL_CHARACTERS.test(prefix) ? prefix : Buffer.from(prefix).toString('latin1');
}

function isPossibleKey(key: string): boolean {
  return key.length >= MIN_KEY_LENGTH && LEGAL_CHARACTERS.test(key);
}

/** What every name must be to go on the wire at all. */
export function checkName(operation: string, key: unknown): void {
  if (typeof key !== 'string') {
    throw new CsError('CS_ERR_INVALID_PARAM', { operation, detail: `a key is a string, not ${typeof key}` });
  }
  if (key.includes('\0')) {
    throw new CsError('CS_ERR_INVALID_PARAM', { operation, key, detail: 'a key holds no NUL' });
  }
  // A character has at most three bytes: the short ones need not be counted.
  if (key.length * 3 <= MAX_NAME_LENGTH) return;
  const length = Buffer.byteLength(key);
  if (length > MAX_NAME_LENGTH) {
    throw new CsError('CS_ERR_NAME_TOO_LONG', { operation, key, detail: `has ${length} bytes; ${RULE}` });
  }
}

/** For what is not sent because of something else: corosync itself says it of the others, as its version and configuration have it. */
export function refuseReadOnly(operation: string, key: string, map: CmapMap): void {
  const prefix = READ_ONLY_PREFIXES.find((readOnly) => key.startsWith(readOnly));
  if (map === 'icmap' && prefix === undefined) return;
  if (map === 'stats' && key.startsWith(CLEARING)) {
    const detail = 'corosync knows nothing of this name that could be cleared';
    throw new CsError('CS_ERR_NOT_SUPPORTED', { operation, key, detail });
  }
  const detail =
    map === 'stats'
      ? 'the stats map is read-only, but for stats.clear.*'
      : `keys below ${prefix ?? ''} are read-only`;
  throw new CsError('CS_ERR_ACCESS', { operation, key, detail });
}
