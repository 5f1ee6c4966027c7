/** The drop-ins, by the C tools that they stand for. */
export const DROP_INS = {
  cmapctl: 'corosync-cmapctl',
  quorumtool: 'corosync-quorumtool',
  cfgtool: 'corosync-cfgtool',
  cpgtool: 'corosync-cpgtool',
} as const;

export type DropInName = keyof typeof DROP_INS;

export function isDropIn(name: string): name is DropInName {
  return Object.hasOwn(DROP_INS, name);
}
