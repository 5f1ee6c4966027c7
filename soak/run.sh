#!/usr/bin/env bash
# npm run soak -- --minutes N [--seed S] [--transport shm|socket] [--json FILE]
#
# Runs everything at once, for long, against a corosync that nobody else can see: see soak/main.ts. Exit status 1 if anything was
# wrong, or leaked. Needs root, on Debian; what is missing is installed.
# shellcheck source=scripts/prepare.sh
. "$(dirname "$0")/../scripts/prepare.sh"

[ "$(id -u)" = 0 ] || fail "the soak starts a corosync in private namespaces, which takes root: sudo npm run soak"
need_node
need_npm_packages
need_programs corosync:corosync unshare:util-linux ip:iproute2 gcc:gcc /usr/include/stdlib.h:libc6-dev \
  /usr/include/corosync/cmap.h:libcmap-dev /usr/include/qb/qbipcc.h:libqb-dev ||
  fail "the C client that runs beside ours cannot be built"

exec scripts/in-namespaces.sh node --import tsx soak/main.ts "$@"
