import type { CmapValue } from '../../codec/cmap/value.ts';
import { CsError } from '../../errors/index.ts';

/** What is about to be done to a key. */
export type Change =
  | { readonly kind: 'set'; readonly value: CmapValue }
  | { readonly kind: 'adjust' }
  | { readonly kind: 'delete' };

interface Rule {
  readonly keys: RegExp;
  allows(change: Change): boolean;
  /** Ends "corosync can crash otherwise: ". */
  readonly detail: string;
}

/** One look for nearly every key: changes must be quick. */
const RULED = /^(?:runtime\.force_gather|quorum\.cancel_wait_for_all|resources\.|logging\.logger_subsys\.)/;

/** What corosync's own listeners do at these keys, seen on 3.1.7 with corosync-cmapctl alone (test/integration/corosync-bugs.test.ts). */
const RULES: readonly Rule[] = [
  {
    // exec/main.c, force_gather_notify_fn: takes the value for text, and where it is none frees a pointer that it has never set.
    keys: /^runtime\.force_gather$/,
    allows: (change) => change.kind === 'set' && change.value.type === 'string',
    detail: 'this key must stay a string',
  },
  {
    // exec/votequorum.c: where the value is no uint8, it acts by a variable that it has never set.
    keys: /^quorum\.cancel_wait_for_all$/,
    allows: (change) => change.kind === 'adjust' || (change.kind === 'set' && change.value.type === 'uint8'),
    detail: 'this key must stay a uint8',
  },
  {
    // exec/wd.c, wd_top_level_key_changed: sets the key again from within the notification, while others still read the value.
    keys: /^resources\.watchdog_timeout$/,
    allows: (change) =>
      change.kind === 'delete' || (change.kind === 'set' && isWatchdogTimeout(change.value)),
    detail: 'this key must be a uint32 from 2 to 120; set it, do not add to it',
  },
  {
    // exec/mon.c, mon_key_changed_cb: sets the key that is being deleted, which is then freed twice.
    keys: /^resources\.system\.(?:memory_used|load_15min)\.(?:current|last_updated|state)$/,
    allows: ({ kind }) => kind !== 'delete',
    detail: 'this key must not be deleted; corosync keeps it up to date itself',
  },
  {
    // exec/logconfig.c iterates this prefix from within the notification: if the key was its last one, it is freed twice (libqb lib/trie.c).
    keys: /^logging\.logger_subsys\./,
    allows: ({ kind }) => kind !== 'delete',
    detail: 'keys of this prefix must not be deleted; set the key to what corosync is to do instead',
  },
];

/** @throws CsError CS_ERR_INVALID_PARAM: corosync could crash at this change of an icmap key, whoever tracks what. */
export function checkCrashingChange(operation: string, key: string, change: Change): void {
  if (!RULED.test(key)) return;
  const broken = RULES.find((rule) => rule.keys.test(key) && !rule.allows(change));
  if (broken === undefined) return;
  throw new CsError('CS_ERR_INVALID_PARAM', {
    operation,
    key,
    detail: `corosync can crash otherwise: ${broken.detail}`,
  });
}

function isWatchdogTimeout(value: CmapValue): boolean {
  return value.type === 'uint32' && value.value >= 2 && value.value <= 120;
}
