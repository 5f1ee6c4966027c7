#!/usr/bin/env bash
# Runs a command as root in namespaces of its own, so that it may start a corosync which nobody else can see:
#   scripts/in-namespaces.sh npx vitest run --project integration
#
# network: corosync's abstract sockets (@cmap, ...) belong to the network namespace. Only the loopback is up.
# mount:   own tmpfs on the directories corosync writes to, and an own copy of /etc (a test may then forbid or
#          allow users, or force libqb's filesystem sockets, and the machine never notices).
# pid:     when the command ends, the kernel kills all that it started: no corosync outlives its test, and shared
#          memory goes with the mount. It has its own /proc, because corosync, libqb and gdb look pids up there.
#
# Exit status: the command's; 77 (automake's "skipped") where namespaces cannot be had.
# Signals: SIGTERM and SIGHUP are passed on. Ctrl-C needs no passing on, the terminal sends it to the whole process
# group; passing it on as well would make it arrive twice. SIGKILL of this script kills everything inside.
set -u

skip() {
  echo "in-namespaces.sh: $*" >&2
  exit 77
}

[ $# -gt 0 ] || { echo "usage: in-namespaces.sh COMMAND [ARGUMENT...]" >&2; exit 2; }
[ "$(id -u)" = 0 ] || skip "must be run as root (it creates namespaces and mounts, and corosync itself needs root)"
unshare -n -m -p --fork --propagation private --mount-proc true 2>/dev/null ||
  skip "cannot create network, mount and pid namespaces here (a container needs CAP_SYS_ADMIN, e.g. --privileged)"

# Process 1 inside. It sets the mounts up, runs the command as its child and reaps whatever is orphaned.
# shellcheck disable=SC2016
init='
  set -e
  trap "exit 143" TERM HUP  # until there is a command to pass them on to
  mount -t tmpfs -o mode=755 tmpfs /run
  mkdir /run/etc
  mount -t tmpfs -o mode=755 tmpfs /run/etc
  # A program that is being installed meanwhile may have files of a moment there.
  cp -a /etc/. /run/etc 2>/dev/null || cp -a /etc/. /run/etc
  mount --bind /run/etc /etc
  umount /run/etc
  rmdir /run/etc
  mount -t tmpfs -o size=256m,mode=1777 tmpfs /dev/shm
  for directory in /var/lib/corosync /var/log/corosync; do
    [ ! -d "$directory" ] || mount -t tmpfs -o mode=755 tmpfs "$directory"
  done
  # What the machine itself configures is of no concern inside.
  rm -rf /etc/corosync/uidgid.d /etc/corosync/corosync.conf /etc/libqb/force-filesystem-sockets
  ip link set lo up
  set +e

  command=
  trap "kill -TERM \$command 2>/dev/null" TERM
  trap "kill -HUP \$command 2>/dev/null" HUP
  trap : INT QUIT
  # A shell starts background commands with SIGINT ignored and without stdin; both are undone here. Extra certificates are of
  # no use without a network, and make Node start three times as slowly.
  COROSYNC_CLIENT_NAMESPACE=1 env --default-signal=INT,QUIT --unset=NODE_EXTRA_CA_CERTS "$@" <&0 &
  command=$!
  while kill -0 "$command" 2>/dev/null; do wait "$command"; done  # a trapped signal ends wait early
  wait "$command"
'

# unshare itself does not react to signals; process 1, its only child, does once it has set its traps (SIGTERM is bit
# 14 of what it catches). The kernel drops what comes earlier, so until then, when nothing runs yet, it is killed.
pass_on() {
  local init_pid= name caught=0
  read -r init_pid < "/proc/$child/task/$child/children" # not a success: the file has no newline
  while read -r name caught && [ "$name" != SigCgt: ]; do :; done < "/proc/$init_pid/status"
  if (((16#${caught:-0} & 0x4000) != 0)); then kill "-$1" "$init_pid"; else kill -KILL "$child"; fi
} 2>/dev/null

# --pdeathsig and --kill-child: two links of one chain, so that killing this shell kills unshare and process 1.
env --default-signal=INT,QUIT setpriv --pdeathsig KILL \
  unshare -n -m -p --fork --kill-child --propagation private --mount-proc bash -c "$init" init "$@" <&0 &
child=$!
trap 'pass_on TERM' TERM
trap 'pass_on HUP' HUP
trap : INT QUIT
while kill -0 "$child" 2>/dev/null; do wait "$child"; done
wait "$child"
