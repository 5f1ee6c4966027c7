#!/usr/bin/env bash
# The integration tests on real corosyncs, as root: five files at a time (two where there is one processor), for most of the time they
# wait; each with a corosync of its own in namespaces of its own. What a file says is shown when it is done.
# A file that fails beside others is run once more, alone: a busy machine is no failure. What it said is shown once more at the end, in
# either case: a long record may keep its end only, and who fails now and then has a fault, too.
# With vitest's arguments, such as the name of a file: only those tests, one after the other.
set -eu
cd "$(dirname "$0")/.."

# These take a minute and more each: they begin first, and nobody waits for one of them alone at the end.
longest=(cpg-order fault-corosync properties cmapctl quorum-tools-changes quorum-tools-cluster doctor/server cluster-events)

run() { scripts/in-namespaces.sh node_modules/.bin/vitest run --project integration "$@"; }

# The longest, and the others by size, for how long they take has much to do with that.
in_order() {
  printf 'test/integration/%s.test.ts\n' "${longest[@]}"
  find test/integration -name '*.test.ts' -printf '%s %p\n' | sort -rn | cut -d' ' -f2
}

run_part() {
  local log status=0
  log=$(mktemp)
  run "$1" >"$log" 2>&1 || status=$?
  flock "$0" cat "$log"
  [ "$status" = 0 ] || { mkdir -p "$failed/$(dirname "$1")" && cp "$log" "$failed/$1"; }
  rm -f "$log"
  return "$status"
}

# Whether all that failed beside others passes alone.
try_failed_alone() {
  local file status=0
  [ -n "$(find "$failed" -type f)" ] || return 1
  while read -r file; do
    printf '\nFAILED beside others, and is tried alone: %s\n' "$file"
    tail -n 60 "$failed/$file"
    if run "$file" </dev/null; then
      printf '\nUNSTABLE: %s failed beside others, and passed alone\n' "$file"
    else
      printf '\nFAILED: %s\n' "$file"
      status=1
    fi
  done < <(cd "$failed" && find . -type f -printf '%P\n' | sort)
  return "$status"
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
  in_order | awk '!seen[$0]++' | xargs -P "$((processors < 2 ? 2 : 5))" -n 1 "$0" --part || status=$?
  # xargs says 123 where commands failed; whatever else may have gone wrong is no test that failed.
  if [ "$status" = 123 ]; then
    status=0
    try_failed_alone || status=1
  fi
  rm -rf "$failed"
  exit "$status"
fi
