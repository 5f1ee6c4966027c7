#!/usr/bin/env bash
# npm run test:mutation [-- FOLDER...]: what of src the unit tests do not hold, folder by folder (README.md beside this file says how to read
# it). It takes hours when nothing has been run yet, and then only what has changed.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/prepare.sh
. scripts/prepare.sh
need_node
need_npm_packages

[ $# -gt 0 ] || set -- codec ipc service session cmap quorum votequorum cfg
mkdir -p build/mutation
for folder in "$@"; do
  [ -d "src/$folder" ] || fail "there is no src/$folder"
  say "$folder"
  MUTATION_FOLDER=$folder nice -n 10 npx stryker run test/mutation/stryker.config.mjs
done
exec node --import tsx test/mutation/report.ts "$@"
