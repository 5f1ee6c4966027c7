#!/usr/bin/env bash
# npm run test:fresh [clone|setup|package...]: what somebody sees who has nothing but Node and npm on a bare Debian, in containers:
#
#   clone     the README's two commands in a clean clone of what is committed
#   setup     the same with few of the integration tests: whether it all sets itself up
#   package   the packed tarball in an empty project: library, types, command line and optional parts, beside a corosync
#
# Where there can be no Docker engine it is skipped, with a word. In CI that is a failure.
# shellcheck source=scripts/prepare.sh
. "$(dirname "$0")/prepare.sh"
# shellcheck source=scripts/engine.sh
. scripts/engine.sh

elsewhere() {
  in_ci && fail "the fresh machine cannot be had here, and in CI it must"
  say "SKIPPED: a fresh machine takes Linux, root and a Docker engine: sudo npm run test:fresh"
  exit 0
}

# A container that knows nothing of this repository but what is mounted.
fresh() {
  docker run --rm --init --label "$label" --network host "$@"
}

test_clone() { run_commands "run demo" test; }

# Some that take a corosync, the C compiler, the tools, and the README's own examples.
test_setup() { run_commands "run demo" "test -- cmap-errors-notifications datagram readme"; }

run_commands() {
  git clone --quiet --no-hardlinks . "$work/clone"
  # The demonstration and the tests start corosync in namespaces of their own, which takes rights that containers do not
  # have. (Not --privileged: that asks for every capability there is, and this machine may have fewer itself.)
  local rights=(--cap-add SYS_ADMIN --cap-add NET_ADMIN --cap-add SYS_PTRACE --cap-add SYS_NICE
    --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined)
  for command in "$@"; do
    say "npm $command in a clean clone on a bare Debian with Node $(fresh "$NODE_IMAGE" node --version)"
    # shellcheck disable=SC2086
    fresh "${rights[@]}" --volume "$work/clone:/corosync-client" --workdir /corosync-client "$NODE_IMAGE" npm $command 2>&1 |
      tee "$work/log"
    ! grep "SKIPPED" "$work/log" || fail "a fresh machine must not skip this"
  done
}

# An empty project, and in it the tarball and what a TypeScript user has.
install_package() {
  local image=$1 project=$2 typescript types
  mkdir "$project"
  cp test/package/* "$work"/corosync-client-*.tgz "$project"
  typescript=$(node -p 'require("./package.json").devDependencies.typescript')
  types=$(node -p 'require("./package.json").devDependencies["@types/node"]')
  fresh --volume "$project:/project" --workdir /project "$image" sh -ec "
    npm init --yes >/dev/null
    npm install --no-audit --no-fund --loglevel=error ./corosync-client-*.tgz
    npm install --no-audit --no-fund --loglevel=error --save-dev 'typescript@$typescript' '@types/node@$types'
    for resolution in nodenext bundler; do npx tsc --project tsconfig.\$resolution.json; done
    node use.mjs
    npx corosync-client --version
    npx cmapctl -h >/dev/null"
}

# What the error for a corosync with datagram sockets says.
install_sockets() {
  fresh --volume "$2:/project" --workdir /project "$1" npm install --no-audit --no-fund --loglevel=error node-unix-socket
}

# As a sidecar of a real corosync.
use_package() {
  local image=$1 project=$2 transport=$3 node
  node=$(docker run --detach --label "$label" --ipc shareable --env NODES=node1=127.0.0.1 --env IPC_TYPE="$transport" \
    "$COROSYNC_NODE_IMAGE")
  docker run --rm --init --label "$label" --network "container:$node" --ipc "container:$node" \
    --volume "$project:/project" --workdir /project "$image" sh -ec "
      timeout 120 sh -c 'until npx corosync-client get runtime.votequorum.this_node_id >/dev/null 2>&1; do sleep 0.2; done'
      npx corosync-client set fresh.key str fresh
      test \"\$(npx corosync-client get fresh.key)\" = fresh
      test \"\$(npx cmapctl -g fresh.key)\" = 'fresh.key (str) = fresh'
      node follow.mjs"
  docker rm --force "$node" >/dev/null
}

test_package() {
  npm pack --silent --pack-destination "$work" >/dev/null
  COROSYNC_NODE_IMAGE=$(corosync_image)
  local images=("$NODE_IMAGE") image
  if timeout 120 docker pull --quiet node:20-alpine >/dev/null 2>&1; then
    images+=(node:20-alpine)
  else
    say "no registry has node:20-alpine for us: the package is not tried on musl"
  fi
  for image in "${images[@]}"; do
    say "the package in an empty project, on $image"
    install_package "$image" "$work/${image//[:\/]/-}"
    use_package "$image" "$work/${image//[:\/]/-}" shm
    install_sockets "$image" "$work/${image//[:\/]/-}"
    use_package "$image" "$work/${image//[:\/]/-}" socket
  done
}

set -o pipefail
need_node
need_npm_packages
[ "$(uname -s)" = Linux ] || elsewhere
[ "$(id -u)" = 0 ] || elsewhere # what the containers write is root's

work=$(mktemp -d)
label=corosync-client.run=$$
clean_up() {
  docker ps --all --quiet --filter "label=$label" | xargs --no-run-if-empty docker rm --force >/dev/null
  rm -rf "$work" "$(engine_build_log)"
  engine_down
}
trap 'clean_up || true' EXIT # what cannot be removed is no failure of the tests

engine_up || elsewhere
need_base_images || elsewhere
for part in "${@:-clone package}"; do
  for name in $part; do "test_$name"; done
done
say "fresh machine: all passed"
