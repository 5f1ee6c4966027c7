#!/usr/bin/env bash
# Makes what tests in containers need, a Docker engine that runs and the images, for most of that is to wait for others: .ci/run does it
# beside npm test. What it does not make, those tests make themselves, and say what is wrong.
#
#   scripts/images.sh           as root on Linux; elsewhere nothing
#   scripts/images.sh --stop    stops the engine, if nobody uses it
# shellcheck source=scripts/prepare.sh
. "$(dirname "$0")/prepare.sh"
# shellcheck source=scripts/engine.sh
. scripts/engine.sh

[ "$(uname -s)" = Linux ] && [ "$(id -u)" = 0 ] || exit 0

if [ "${1:-}" = --stop ]; then
  exec 8>"$engine_lock"
  engine_down
  exit
fi
trap 'rm -f "$(engine_build_log)"' EXIT
engine_up
need_base_images
corosync_image >/dev/null
client_image >/dev/null
