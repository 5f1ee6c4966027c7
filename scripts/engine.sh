# Sourced after prepare.sh by the scripts that need containers: a Docker engine, base images, images by content.
# shellcheck shell=bash

engine_lock=/run/lock/corosync-client-engine
engine_pid=/run/corosync-client-engine.pid

engine_answers() { docker info >/dev/null 2>&1; }

# Makes sure that a Docker engine answers. Installs and starts one, as root on Debian, which engine_down stops again.
# Returns 1, after a clear word, where that cannot be done.
engine_up() {
  if [ "$(id -u)" != 0 ]; then
    engine_answers && return 0
    say "no Docker engine answers, and without root none can be started"
    return 1
  fi
  exec 8>"$engine_lock"
  flock --shared 8 # several runs may use one engine; the last one stops it
  (flock 9 && start_engine) 9>"$engine_lock-start"
}

start_engine() {
  engine_answers && return 0
  need_programs docker:docker.io dockerd:docker.io || return 1
  say "starting a Docker engine"
  local log=/var/log/corosync-client-engine.log
  setsid dockerd --pidfile "$engine_pid" >"$log" 2>&1 8>&- 9>&- &
  local deadline=$((SECONDS + 120))
  until engine_answers; do
    if [ "$SECONDS" -ge "$deadline" ] || ! kill -0 $! 2>/dev/null; then
      tail -5 "$log" >&2
      say "the Docker engine does not start here; it says more in $log"
      return 1
    fi
    sleep 0.2
  done
}

# Stops the engine if one of these scripts started it and nobody else uses it.
engine_down() {
  [ -s "$engine_pid" ] && flock --nonblock 8 || return 0
  local pid
  pid=$(cat "$engine_pid")
  # It may have ended by itself, and another process may have its number.
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ] && kill "$pid" 2>/dev/null || return 0
  while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
}

# Sets BASE_IMAGE and NODE_IMAGE, unless they are set: from a registry or, where none can be reached, made here.
need_base_images() {
  [ -z "${BASE_IMAGE:-}" ] || [ -z "${NODE_IMAGE:-}" ] || return 0
  BASE_IMAGE=debian:bookworm-slim NODE_IMAGE=node:20-bookworm-slim
  if ! timeout 120 docker pull --quiet "$BASE_IMAGE" >/dev/null 2>&1 || ! timeout 300 docker pull --quiet "$NODE_IMAGE" >/dev/null 2>&1; then
    docker/base-image.sh || return 1
    BASE_IMAGE=corosync-client/debian:bookworm NODE_IMAGE=corosync-client/node:20
  fi
  export BASE_IMAGE NODE_IMAGE
}

# build_image NAME CONTEXT DOCKERFILE PATH...: builds NAME with a tag made of the content of the paths, unless there is one
# already. Prints NAME:TAG.
build_image() {
  local name=$1 context=$2 dockerfile=$3 tag
  shift 3
  tag=$({ echo "$BASE_IMAGE $NODE_IMAGE" && find "$dockerfile" "$@" -type f -print0 | sort -z | xargs -0 sha256sum; } | sha256sum)
  local image=$name:${tag:0:16}
  if ! docker image inspect "$image" >/dev/null 2>&1; then
    say "building the image $image"
    docker build --network host --tag "$image" --build-arg BASE_IMAGE="$BASE_IMAGE" --build-arg NODE_IMAGE="$NODE_IMAGE" \
      --file "$dockerfile" "$context" >"$(engine_build_log)" 2>&1 || { tail -20 "$(engine_build_log)" >&2; return 1; }
  fi
  echo "$image"
}

# A node of corosync, and the packed command line.
corosync_image() { build_image corosync-client/corosync docker/corosync docker/corosync/Dockerfile docker/corosync; }
client_image() {
  build_image corosync-client/client . docker/client/Dockerfile \
    package.json package-lock.json tsconfig.json tsconfig.build.json scripts/build.sh src
}

engine_build_log() { echo "${TMPDIR:-/tmp}/corosync-client-build.$$.log"; }
