import { MAX_NAME_LENGTH } from '../../codec/cmap/name.ts';
import type { CmapMap } from '../../codec/cmap/set-current-map.ts';
import { CsError } from '../../errors/index.ts';

const MIN_KEY_LENGTH = 3;
const LEGAL_CHARACTERS = /^[a-zA-Z0-9._\-/:]*$/;
const RULE = `a key has ${MIN_KEY_LENGTH} to ${MAX_NAME_LENGTH} of the characters a-z A-Z 0-9 . _ - / :`;

/**
 * Checks a key that is to be created or changed. corosync reports every breach of its rule
 * as CS_ERR_NAME_TOO_LONG; so does this, before anything is sent.
 */
export function checkKeyToSet(operation: string, key: string, map: CmapMap): string {
  checkName(operation, key);
  if (isPossibleKey(key)) return key;
  if (map === 'stats') throw readOnlyStats(operation, key);
  throw new CsError('CS_ERR_NAME_TOO_LONG', { operation, key, detail: RULE });
}

/** Checks a key that must be there: one that corosync could never store does not exist. */
export function checkExistingKey(operation: string, key: string): string {
  checkName(operation, key);
  if (isPossibleKey(key)) return key;
  throw new CsError('CS_ERR_NOT_EXIST', { operation, key, detail: `corosync can hold no such key; ${RULE}` });
}

/** As checkExistingKey, for calls that would change the key: in the stats map those are refused before existence matters. */
export function checkKeyToChange(operation: string, key: string, map: CmapMap): string {
  checkName(operation, key);
  if (map === 'stats' && !isPossibleKey(key)) throw readOnlyStats(operation, key);
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
function checkName(operation: string, key: unknown): void {
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

function readOnlyStats(operation: string, key: string): CsError {
  return new CsError('CS_ERR_ACCESS', {
    operation,
    key,
    detail: 'the stats map is read-only, but for stats.clear.*',
  });
}
