import type { SystemFiles } from './system-files.ts';

/** The label that a security module (AppArmor, SELinux, Smack) has given to a process; `undefined` if none confines it. */
export function securityLabel(files: SystemFiles, pid: number | 'self'): string | undefined {
  const label = ['apparmor/current', 'current']
    .map((name) => files.text(`/proc/${pid}/attr/${name}`)?.replace(/\0.*$/s, '').trim())
    .find((text) => text !== undefined && text !== '');
  return label === undefined || isUnconfined(files, label) ? undefined : label;
}

function isUnconfined(files: SystemFiles, label: string): boolean {
  if (label === 'unconfined' || label.endsWith('(complain)')) return true;
  // A label of SELinux has colons; it counts only while SELinux enforces its rules.
  return (
    label.includes(':') &&
    (label.includes(':unconfined_t:') || files.text('/sys/fs/selinux/enforce')?.trim() !== '1')
  );
}
