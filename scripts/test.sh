#!/usr/bin/env bash
# npm test: sets up what is missing, then runs everything: format, lint, types, unit and integration tests, the package.
# Without root the integration tests are skipped, with a word; in CI that is a failure. Arguments are parts of the names of test
# files, of unit and of integration tests: then only those run, and nothing else is looked at.
# shellcheck source=scripts/prepare.sh
. "$(dirname "$0")/prepare.sh"

need_node
need_npm_packages
try_unix_dgram

say "build"
npm run --silent build # first: the examples import the package by its name

# lint beside the others, for each uses one processor. What it says comes behind what they say.
check_sources() {
  local said lint status=0
  said=$(mktemp)
  npm run --silent lint >"$said" 2>&1 &
  lint=$!
  # (npm run docs makes the reference.)
  npx prettier --check --log-level warn . && npx tsc --noEmit && npx typedoc --emit none --logLevel Warn || status=1
  wait "$lint" || status=1
  cat "$said" && rm "$said"
  [ "$status" = 0 ] || fail "the sources are not as they should be"
}

if [ $# = 0 ]; then
  say "format, lint, types, the reference of the API"
  check_sources
fi

say "unit tests"
npx vitest run --project unit --passWithNoTests "$@"

say "integration tests on a real corosync"
if [ "$(id -u)" = 0 ] && need_programs \
  corosync:corosync unshare:util-linux ip:iproute2 gcc:gcc /usr/include/stdlib.h:libc6-dev \
  /usr/include/corosync/cmap.h:libcmap-dev /usr/include/qb/qbipcc.h:libqb-dev \
  /usr/include/corosync/quorum.h:libquorum-dev /usr/include/corosync/votequorum.h:libvotequorum-dev \
  /usr/include/corosync/cfg.h:libcfg-dev /usr/include/corosync/cpg.h:libcpg-dev; then
  scripts/test-integration.sh ${1:+--passWithNoTests} "$@"
elif in_ci; then
  fail "the integration tests cannot run here, and in CI they must"
else
  say "SKIPPED: they start a corosync in private namespaces, which takes root on Debian: sudo npm test"
fi

if [ $# = 0 ]; then
  say "the package"
  scripts/check-package.sh
fi
say "all passed"
