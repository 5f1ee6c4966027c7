#!/usr/bin/env bash
# The integration tests on real corosyncs, as root: one file for each processor (at most four) at a time, each with a corosync of
# its own in namespaces of its own; what a file says is shown when it is done.
# With vitest's arguments, such as the name of a file: only those tests, one after the other.
set -eu
cd "$(dirname "$0")/.."

run() { scripts/in-namespaces.sh npx vitest run --project integration "$@"; }

run_part() {
  local log status=0
  log=$(mktemp)
  run "$1" >"$log" 2>&1 || status=$?
  flock "$0" cat "$log"
  rm -f "$log"
  return "$status"
}

if [ "${1:-}" = --part ]; then
  run_part "$2"
elif [ $# -gt 0 ]; then
  run "$@"
else
  processors=$(nproc)
  # The largest first: they take longest, and nobody waits for them alone at the end.
  find test/integration -name '*.test.ts' -printf '%s %p\n' | sort -rn | cut -d' ' -f2 |
    xargs -P "$((processors < 4 ? processors : 4))" -n 1 "$0" --part
fi
