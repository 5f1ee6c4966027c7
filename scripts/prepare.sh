# Sourced by the scripts that a user runs from a fresh clone: each function makes sure that something is there.
# shellcheck shell=bash
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { echo "corosync-client: $*" >&2; }
fail() {
  say "$@"
  exit 1
}

in_ci() { [ -n "${CI:-}" ]; }

need_node() {
  command -v node >/dev/null || fail "Node.js 20.19 or newer is needed, and there is no node here"
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    fail "Node.js 20.19 or newer is needed; this is $(node --version)"
}

# The development dependencies, as package-lock.json states them.
need_npm_packages() {
  [ node_modules/.package-lock.json -nt package-lock.json ] && return 0
  say "installing the development dependencies"
  npm ci --no-audit --no-fund --loglevel=error >&2
  touch node_modules/.package-lock.json
}

# The second package for datagram sockets, which compiles, and so is no development dependency, as the first is: its tests are
# skipped, and say so, where that fails; in CI that is a failure. npm does not install an optional peer dependency of the project
# itself, however it is asked: so it goes elsewhere, and is copied.
try_unix_dgram() {
  node -e 'require("unix-dgram")' 2>/dev/null && return 0
  local work version status=0
  version=$(node -p 'require("./package.json").peerDependencies["unix-dgram"]')
  work=$(mktemp -d)
  say "installing unix-dgram, for the tests of datagram sockets whose names are files"
  npm install --prefix "$work" --no-audit --no-fund --loglevel=error "unix-dgram@$version" >&2 &&
    cp -R "$work"/node_modules/unix-dgram "$work"/node_modules/bindings "$work"/node_modules/file-uri-to-path node_modules &&
    node -e 'require("unix-dgram")' || status=1
  rm -rf "$work"
  [ "$status" = 0 ] && return 0
  in_ci && fail "unix-dgram cannot be had here, and in CI its tests must run"
  say "unix-dgram cannot be compiled here (it takes a C++ compiler, make, python3 and Node's headers)"
}

# need_programs PROGRAM:PACKAGE...: installs the Debian packages whose program (or file, if it is a path) is missing.
# Returns 1, after a clear word, where that cannot be done.
need_programs() {
  local missing=() pair
  for pair in "$@"; do
    case ${pair%%:*} in
      /*) [ -e "${pair%%:*}" ] || missing+=("${pair#*:}") ;;
      *) PATH=$PATH:/usr/sbin:/sbin command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}") ;;
    esac
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if ! command -v apt-get >/dev/null; then
    say "these packages are missing, and this is no Debian to install them on: ${missing[*]}"
    return 1
  fi
  if [ "$(id -u)" != 0 ]; then
    say "these packages are missing: ${missing[*]}; run as root to have them installed, or: sudo apt-get install ${missing[*]}"
    return 1
  fi
  install_packages "${missing[@]}"
}

# Two scripts at a time have apt work one after the other.
alone_with_apt() {
  (flock 7 && "$@") 7>/run/corosync-client-packages.lock
}

# Debian starts a daemon that it installs; nobody asked for a corosync of this machine's own, so that is prevented.
install_packages() { alone_with_apt install_packages_alone "$@"; }

install_packages_alone() {
  say "installing $*"
  local policy=/usr/sbin/policy-rc.d ours=
  if [ ! -e "$policy" ]; then
    ours=yes
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  local status=0
  # The machine may be updating itself.
  local patient=(-o DPkg::Lock::Timeout=300)
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get "${patient[@]}" install -y -qq --no-install-recommends "$@"; } >&2 || status=1
  [ -z "$ours" ] || rm -f "$policy"
  return "$status"
}
