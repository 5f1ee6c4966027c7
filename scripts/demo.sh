#!/usr/bin/env bash
# npm run demo: sets up what is missing, then shows the client at work on a private corosync.
# shellcheck source=scripts/prepare.sh
. "$(dirname "$0")/prepare.sh"

elsewhere() {
  say "the demo starts a corosync of its own in private namespaces, which takes Linux and root: sudo npm run demo"
  say "without that, on a machine where corosync runs and allows you: npx corosync-client track --prefix runtime.members."
  exit 1
}

need_node
[ "$(uname -s)" = Linux ] || elsewhere
[ "$(id -u)" = 0 ] || elsewhere
need_programs corosync:corosync unshare:util-linux ip:iproute2 || elsewhere
need_npm_packages
npm run --silent build
scripts/in-namespaces.sh npx tsx scripts/demo.ts
