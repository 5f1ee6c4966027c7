#!/bin/sh
# Runs corosync in the foreground as process 1, configured by the environment:
#
#   NODES               every node with its addresses, one for each knet link: "node1=10.0.0.1,10.0.1.1 node2=..."
#   CLUSTER_NAME        default: containers
#   TOKEN_MS            the token timeout; default: corosync's
#   SCHED_RR            yes: real-time scheduling, which takes CAP_SYS_NICE; a production node wants it. Default: no
#   CLIENT_UID          a user id beside root's that may connect, as this container's user namespace counts it
#   IPC_TYPE            shm (default) or socket: how corosync talks to its clients
#   FILESYSTEM_SOCKETS  if not empty, sockets are files (in /tmp, as Debian builds libqb) instead of abstract names
#
# A file mounted at /etc/corosync/corosync.conf is used as it is.
set -eu
conf=/etc/corosync/corosync.conf

node() { # NAME NODEID ADDRESS,...
  printf '  node {\n    name: %s\n    nodeid: %s\n' "$1" "$2"
  link=0
  for address in $(echo "$3" | tr , ' '); do
    printf '    ring%s_addr: %s\n' "$link" "$address"
    link=$((link + 1))
  done
  printf '  }\n'
}

nodelist() {
  id=0
  for entry in $NODES; do
    id=$((id + 1))
    node "${entry%%=*}" "$id" "${entry#*=}"
  done
}

# The networks between the containers are their own; crypto would need a key that all nodes share.
# Real-time scheduling takes CAP_SYS_NICE, which containers do not have by default.
write_conf() {
  cat <<END
totem {
  version: 2
  cluster_name: ${CLUSTER_NAME:-containers}
  transport: knet
  crypto_cipher: none
  crypto_hash: none
${TOKEN_MS:+  token: $TOKEN_MS}
}
nodelist {
$(nodelist)
}
quorum {
  provider: corosync_votequorum
}
logging {
  to_stderr: yes
  to_syslog: no
}
system {
  qb_ipc_type: ${IPC_TYPE:-shm}
  sched_rr: ${SCHED_RR:-no}
  move_to_root_cgroup: no
}
END
}

if [ ! -e "$conf" ]; then
  : "${NODES:?must name the nodes and their addresses}"
  write_conf >"$conf"
fi
if [ -n "${CLIENT_UID:-}" ]; then
  printf 'uidgid {\n  uid: %s\n}\n' "$CLIENT_UID" >/etc/corosync/uidgid.d/client
fi
if [ -n "${FILESYSTEM_SOCKETS:-}" ]; then
  mkdir -p /etc/libqb
  : >/etc/libqb/force-filesystem-sockets
fi
exec corosync -f "$@"
