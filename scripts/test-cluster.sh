#!/usr/bin/env bash
# npm run test:cluster [VITEST ARGUMENT...]: tests with real containers: clusters of three nodes, and the ways to reach
# a corosync that runs in another container. Sets up what they need; where there can be no Docker engine they are
# skipped, with a word. In CI that is a failure.
# shellcheck source=scripts/prepare.sh
. "$(dirname "$0")/prepare.sh"
# shellcheck source=scripts/engine.sh
. scripts/engine.sh

elsewhere() {
  in_ci && fail "the cluster tests cannot run here, and in CI they must"
  say "SKIPPED: the cluster tests take Linux, root and a Docker engine: sudo npm run test:cluster"
  exit 0
}

need_node
need_npm_packages
[ "$(uname -s)" = Linux ] || elsewhere
[ "$(id -u)" = 0 ] || elsewhere # they look into the containers' file systems

export COROSYNC_CLIENT_RUN=$$
remove_leftovers() {
  local label
  for label in corosync-client.run="$COROSYNC_CLIENT_RUN" com.docker.compose.project="corosync-client-$COROSYNC_CLIENT_RUN"; do
    docker ps --all --quiet --filter label="$label" | xargs --no-run-if-empty docker rm --force --volumes
    docker network ls --quiet --filter label="$label" | xargs --no-run-if-empty docker network rm
    docker volume ls --quiet --filter label="$label" | xargs --no-run-if-empty docker volume rm
  done
  rm -f "$(engine_build_log)"
} >/dev/null 2>&1
# What cannot be removed is no failure of the tests.
trap 'remove_leftovers || true; engine_down' EXIT

engine_up || elsewhere
docker compose version >/dev/null 2>&1 || need_programs docker-compose:docker-compose || elsewhere
need_base_images || elsewhere
COROSYNC_NODE_IMAGE=$(corosync_image)
COROSYNC_CLIENT_IMAGE=$(client_image)
export COROSYNC_NODE_IMAGE COROSYNC_CLIENT_IMAGE
# What a killed run leaves behind is removed above; the reaper's image is on a registry.
export TESTCONTAINERS_RYUK_DISABLED=true

npm run --silent build # the host reaches into containers with the built command
npx vitest run --project cluster "$@"
