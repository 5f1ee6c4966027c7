#!/usr/bin/env bash
# Makes the two images that everything here is built from, for a host that reaches no container registry, out of what
# it does reach: Debian's packages (debootstrap) and the npm registry (its package `node` is Node itself).
#
#   docker/base-image.sh [SUITE [NODE_VERSION]]        as root; defaults: bookworm 20
#
#   corosync-client/debian:SUITE         like debian:SUITE-slim
#   corosync-client/node:NODE_VERSION    the same with node and npm, like node:NODE_VERSION-SUITE-slim
#
# Their package sources, proxies and certificates are this machine's, read when it runs: they are for this machine only.
# shellcheck source=scripts/prepare.sh
. "$(dirname "$0")/../scripts/prepare.sh"

suite=${1:-bookworm}
node_version=${2:-20}
base=corosync-client/debian:$suite
node=corosync-client/node:$node_version

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

exists() { docker image inspect "$1" >/dev/null 2>&1; }

# One line for each source of this machine, with the suite in place of the machine's own release.
debian_sources() {
  local own
  own=$(. /etc/os-release && echo "$VERSION_CODENAME")
  apt-get indextargets --format 'deb $(SITE) $(RELEASE) $(COMPONENT)' \
    'Created-By: Packages' 'Origin: Debian' 'Component: main' | sort -u | sed "s/ $own/ $suite/"
}

make_base() {
  need_programs debootstrap:debootstrap || fail "debootstrap is needed to make a base image"
  [ -n "$(alone_with_apt debian_sources)" ] || alone_with_apt apt-get update -qq >&2
  local sources mirror
  sources=$(alone_with_apt debian_sources)
  mirror=$(awk -v suite="$suite" '$3 == suite { print $2; exit }' <<<"$sources")
  [ -n "$mirror" ] || fail "this machine has no Debian mirror among its package sources"
  say "making the image $base with debootstrap"
  debootstrap --variant=minbase --include=ca-certificates "$suite" "$work/root" "$mirror" >"$work/log" 2>&1 ||
    { tail -20 "$work/log" >&2; fail "debootstrap failed"; }
  echo "$sources" >"$work/root/etc/apt/sources.list"
  apt-config dump | grep -E '^Acquire::(Check-|Retries|https?::Proxy)' >"$work/root/etc/apt/apt.conf.d/90machine" || true
  cp -L /etc/ssl/certs/ca-certificates.crt "$work/root/etc/ssl/certs/" 2>/dev/null || true
  slim
  tar --numeric-owner -C "$work/root" -c . | docker import - "$base" >/dev/null
}

# What the slim images leave out as well.
slim() {
  local root=$work/root
  rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/* "$root"/var/log/* "$root"/usr/share/{doc,info,lintian,locale,man}/*
  printf 'path-exclude /usr/share/%s/*\n' doc info lintian locale man >"$root/etc/dpkg/dpkg.cfg.d/slim"
}

# npm runs here, the result is copied: so the image needs no registry.
make_node() {
  say "making the image $node from the npm packages node and npm"
  mkdir -p "$work/node/bin" "$work/node/lib/node_modules"
  npm install --silent --no-audit --no-fund --prefix "$work/npm" "node@$node_version" npm@10
  cp -L "$work/npm/node_modules/node/bin/node" "$work/node/bin/"
  cp -R "$work/npm/node_modules/npm" "$work/node/lib/node_modules/"
  for name in npm npx; do ln -s "../lib/node_modules/npm/bin/$name-cli.js" "$work/node/bin/$name"; done
  docker build --quiet --tag "$node" --file - "$work/node" >/dev/null <<END
FROM $base
COPY bin/ /usr/local/bin/
COPY lib/ /usr/local/lib/
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt npm_config_registry=$(npm config get registry)
CMD ["node"]
END
}

exists "$base" || make_base
exists "$node" || make_node
