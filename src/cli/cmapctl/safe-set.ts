import type { CmapMap, CmapValue } from '../../index.ts';
import type { ByteString } from '../drop-in/bytes.ts';

const VALID_KEY = /^[a-zA-Z0-9._\-/:]{3,255}$/;
const MAX_VALUE_LENGTH = 16384;

/**
 * Where corosync keeps its own keys. It makes some of them read-only, and which ones depends on its
 * version and configuration; a key that is not below one of these is nobody's but the user's.
 */
const COROSYNC_KEY =
  /^(?:totem|nodelist|quorum|runtime|config|logging|system|uidgid|internal_configuration|resources|service|stats)\b/;

/** Whether corosync will accept this set, as far as the map's rules are concerned. */
export function isSafeToSet(map: CmapMap, key: ByteString, value: CmapValue): boolean {
  return map === 'icmap' && VALID_KEY.test(key) && !COROSYNC_KEY.test(key) && fits(value);
}

function fits(value: CmapValue): boolean {
  if (value.type === 'binary') return value.value.length <= MAX_VALUE_LENGTH;
  if (value.type !== 'string') return true;
  return (value.bytes?.length ?? Buffer.byteLength(value.value)) <= MAX_VALUE_LENGTH;
}
