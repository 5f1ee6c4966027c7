#!/usr/bin/env bash
# The integration tests on real corosyncs, as root. They come in parts, one for each processor (at most four) at a time, each
# with a corosync of its own in namespaces of its own; what a part says is shown when it is done.
# With vitest's arguments, such as the name of a file: only those tests, in one part.
set -eu
cd "$(dirname "$0")/.."

run() { scripts/in-namespaces.sh npx vitest run --project integration "$@"; }

run_part() {
  local log status=0
  log=$(mktemp)
  run --shard "$1" >"$log" 2>&1 || status=$?
  flock "$0" cat "$log"
  rm -f "$log"
  return "$status"
}

if [ "${1:-}" = --part ]; then
  run_part "$2"
elif [ $# -gt 0 ]; then
  run "$@"
else
  # More parts than processors, so that none waits long for another.
  parts=10
  processors=$(nproc)
  seq --format "%g/$parts" "$parts" | xargs -P "$((processors < 4 ? processors : 4))" -n 1 "$0" --part
fi
