/** True inside scripts/in-namespaces.sh, where a test may start a corosync of its own. */
export function inPrivateNamespace(): boolean {
  return process.env.COROSYNC_CLIENT_NAMESPACE === '1';
}
