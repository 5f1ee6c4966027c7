/**
 * What may be wrong, or worth knowing: a stable name for each, for scripts and for docs/doctor.md, which has the cause and the remedy of
 * each of them.
 */
export const FINDING_IDS = [
  // process
  'not-linux',
  'node-permissions',
  'user-namespace',
  'user-not-mapped',
  'real-user-differs',
  'real-group-differs',
  'open-files',
  'file-size',
  // corosync
  'corosync-not-seen',
  'processes-hidden',
  'corosync-not-root',
  'corosync-stopped',
  'corosync-traced',
  'corosync-frozen',
  'corosync-waits',
  'corosync-open-files',
  'corosync-file-size',
  'corosync-memory',
  'corosync-address-space',
  'corosync-capabilities',
  'corosync-shm-read-only',
  'corosync-shm-missing',
  'versions-unknown',
  'libqb-too-old',
  // what it offers
  'socket-not-bound',
  'socket-missing',
  'socket-out-of-reach',
  'socket-no-socket',
  'socket-not-writable',
  'socket-foreign',
  'service-not-served',
  // what lies between
  'namespaces-unknown',
  'namespaces-hidden',
  'namespaces-differ',
  'shm-foreign',
  'shm-missing',
  'shm-out-of-reach',
  'shm-read-only',
  'shm-mapped-owners',
  'shm-full',
  'shm-no-inodes',
  'shm-no-tmpfs',
  'leftovers',
  'datagram-queue',
  'datagram-package',
  // who may
  'no-rule',
  'rule-unknown',
  'rule-supplementary',
  'rule-type',
  'conf-missing',
  'conf-broken',
  'uidgid-file-broken',
  'name-unknown',
  // the connection
  'not-tried',
  'not-connected',
  'no-value',
  'key-missing',
  'unusable',
] as const;

export type FindingId = (typeof FINDING_IDS)[number];
