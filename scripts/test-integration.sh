#!/usr/bin/env bash
# The integration tests on real corosyncs, as root: two files for each processor (at most four) at a time, for most of the time they
# wait; each with a corosync of its own in namespaces of its own. What a file says is shown when it is done.
# The files that failed are shown once more at the end: a long record may keep its end only.
# With vitest's arguments, such as the name of a file: only those tests, one after the other.
set -eu
cd "$(dirname "$0")/.."

run() { scripts/in-namespaces.sh npx vitest run --project integration "$@"; }

run_part() {
  local log status=0
  log=$(mktemp)
  run "$1" >"$log" 2>&1 || status=$?
  flock "$0" cat "$log"
  [ "$status" = 0 ] || cp "$log" "$failed/${1//\//-}"
  rm -f "$log"
  return "$status"
}

show_failed() {
  for log in "$failed"/*; do
    [ -e "$log" ] || return 0
    printf '\nFAILED: %s\n' "${log##*/}"
    tail -n 60 "$log"
  done
}

if [ "${1:-}" = --part ]; then
  run_part "$2"
elif [ $# -gt 0 ]; then
  run "$@"
else
  processors=$(nproc)
  failed=$(mktemp -d)
  export failed
  status=0
  # The largest first: they take longest, and nobody waits for them alone at the end.
  find test/integration -name '*.test.ts' -printf '%s %p\n' | sort -rn | cut -d' ' -f2 |
    xargs -P "$((processors < 2 ? 2 : 4))" -n 1 "$0" --part || status=$?
  show_failed
  rm -rf "$failed"
  exit "$status"
fi
