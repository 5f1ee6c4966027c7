#!/usr/bin/env bash
# npm run test:matrix: one smoke suite on the built package, for each Debian release's corosync, each transport and each runtime.
#   --releases bullseye,trixie   Debian releases, each in a chroot that debootstrap makes (default: those below)
#   --transports shm,shm+files,socket   shared memory, the same with libqb's filesystem sockets, datagram sockets
#   --nodes 20,24                Node.js releases, from npm
#   --others bun,deno            other runtimes from npm, best effort; --others '' for none
#   --quick                      shared memory, the oldest and the newest Node, nothing else
#   --update                     write the tables to docs/versions.md
# What it downloads stays in build/matrix (or MATRIX_DIRECTORY); remove that to have newer packages.
# shellcheck source=scripts/prepare.sh
. "$(dirname "$0")/prepare.sh"

releases=bullseye,bookworm,trixie,testing
transports=shm,shm+files,socket
nodes=20,22,24,26
others=bun,deno
update=
while [ $# -gt 0 ]; do
  case $1 in
    --releases) releases=$2 && shift ;;
    --transports) transports=$2 && shift ;;
    --nodes) nodes=$2 && shift ;;
    --others) others=$2 && shift ;;
    --quick) transports=shm nodes=20,26 others='' ;;
    --update) update=--update ;;
    *) fail "unknown option $1; see the head of $0" ;;
  esac
  shift
done
work=${MATRIX_DIRECTORY:-$PWD/build/matrix}

# The archive that this machine installs from.
debian_archive() {
  local uri
  uri=$(apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk '$1 == "Debian" && $2 == "main" { print $3; exit }')
  [ -n "$uri" ] || uri=$(apt-get indextargets --format '$(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk '$1 == "main" { print $2; exit }')
  [ -n "$uri" ] || fail "apt knows of no Debian archive here"
  echo "$uri"
}

# In a mount namespace: what debootstrap mounts goes with it, also if it is interrupted.
need_chroot() {
  local root=$work/chroots/$1
  [ ! -e "$root.made" ] || return 0
  say "making a chroot of Debian $1"
  rm -rf "$root"
  mkdir -p "$root"
  unshare -m --propagation private debootstrap --variant=minbase --include=corosync "$1" "$root" "$(debian_archive)" \
    >"$root.log" 2>&1 || fail "debootstrap $1 failed, see $root.log"
  rm -rf "$root/var/cache/apt/archives" "$root/var/lib/apt/lists"
  touch "$root.made"
}

# need_runtime node 20: the newest Node 20 in runtimes/node-20.
need_runtime() {
  local directory=$work/runtimes/$1${2:+-$2}
  [ ! -x "$directory/node_modules/.bin/$1" ] || return 0
  say "installing $1 ${2:-}"
  mkdir -p "$directory"
  echo '{ "private": true }' >"$directory/package.json"
  npm install --silent --no-audit --no-fund --prefix "$directory" "$1${2:+@$2}"
}

# The package as it would be published, installed into a project with the one for datagram sockets; the smoke suite beside it.
install_package() {
  local directory=$work/package
  rm -rf "$directory"
  mkdir -p "$directory"
  npm pack --silent --pack-destination "$directory" >/dev/null
  echo '{ "private": true, "type": "module" }' >"$directory/package.json"
  npm install --silent --no-audit --no-fund --prefix "$directory" "$directory"/*.tgz node-unix-socket
  npx esbuild test/matrix/smoke.ts --bundle --format=esm --platform=node --target=node20.19 \
    --external:corosync-client --outfile="$directory/smoke.js" --log-level=warning
}

need_node
[ "$(id -u)" = 0 ] || fail "chroots and namespaces take root: sudo npm run test:matrix"
need_programs debootstrap:debootstrap unshare:util-linux ip:iproute2 || fail "the matrix cannot run here"
need_npm_packages
runtimes=()
for release in ${releases//,/ }; do need_chroot "$release"; done
for node in ${nodes//,/ }; do
  need_runtime node "$node"
  runtimes+=("node-$node")
done
for other in ${others//,/ }; do
  need_runtime "$other"
  runtimes+=("$other")
done
install_package

IFS=,
exec scripts/in-namespaces.sh npx tsx test/matrix/run.ts --work "$work" --releases "$releases" \
  --transports "$transports" --runtimes "${runtimes[*]}" $update
