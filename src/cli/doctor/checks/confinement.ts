import { ok, type Remark } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { unitOf } from '../system/cgroups.ts';
import { statusOf } from '../system/process-status.ts';
import { securityLabel } from '../system/security-modules.ts';

/** What watches over this process, and corosync. It need not stand in the way; if something is refused, it is who has. */
export function checkConfinement({ files, corosync }: Surroundings): Remark {
  const ours = describe('this process', securityLabel(files, 'self'), statusOf(files, 'self')?.filtered);
  if (corosync === undefined) return ok(ours);
  const { pid, status } = corosync;
  return ok(`${ours}; ${describe('corosync', securityLabel(files, pid), status.filtered)}`);
}

function describe(who: string, label: string | undefined, filtered: boolean | undefined): string {
  const by = [...(label === undefined ? [] : [label]), ...(filtered === true ? ['a seccomp filter'] : [])];
  return `${who}: ${by.length === 0 ? 'no security label, no seccomp filter' : by.join(', ')}`;
}

/** For when the system has refused what permissions allow. */
export function confinementRemedy({ files }: Surroundings, who: number | 'self', what: string): string {
  const unit = unitOf(files, who);
  const logs = "as root: journalctl -k --grep 'apparmor=.DENIED|avc: +denied'";
  return [
    `a security module (AppArmor, SELinux, Landlock) or a seccomp filter does not let it ${what}:`,
    `  the kernel's log may say which, ${logs}`,
    ...(unit === undefined ? [] : [`  and what ${unit} has set: systemctl cat ${unit}`]),
  ].join('\n');
}
