import type { CmapMap } from '../../codec/cmap/set-current-map.ts';
import type { CmapValue } from '../../codec/cmap/value.ts';
import { CsError } from '../../errors/index.ts';
import { checkValue, type SettableValue } from './check-value.ts';
import { CLEARING, checkKeyToSet, checkName, refuseReadOnly } from './keys.ts';

const OPERATION = 'cmap_set';

/**
 * Checks a key and the value that it is to have, in the order in which libcmap and corosync find fault: the length of the name, a value that is larger than
 * the buffer, a key that is known to be read-only, the value, and the key's characters.
 */
export function checkSet(
  key: string,
  value: CmapValue,
  { map, bufferSize }: { readonly map: CmapMap; readonly bufferSize: number },
): SettableValue {
  checkName(OPERATION, key);
  const settable = checkedValue(key, value, map, bufferSize);
  checkKeyToSet(OPERATION, key, map);
  return settable;
}

function checkedValue(key: string, value: CmapValue, map: CmapMap, bufferSize: number): SettableValue {
  try {
    return checkValue(OPERATION, key, value, bufferSize);
  } catch (error) {
    const isClearing = map === 'stats' && key.startsWith(CLEARING);
    if (!isClearing && error instanceof CsError && error.code !== 'CS_ERR_TOO_BIG')
      refuseReadOnly(OPERATION, key, map);
    throw error;
  }
}
