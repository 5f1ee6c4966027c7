#!/usr/bin/env bash
# npm run bench -- [--quick] [--rounds N] [--rows NAME,NAME] [--json FILE] [--dist DIRECTORY]
#
# Measures the client beside libcmap, libqb's own client and corosync-cmapctl, in alternating rounds against a
# corosync that nobody else can see. Needs root, on Debian; what is missing is installed.
#   --dist    measures a build that is there already, instead of building this tree
set -eu
# shellcheck source=scripts/prepare.sh
. "$(dirname "$0")/../scripts/prepare.sh"

need_node
need_npm_packages
node --import tsx bench/check-options.ts "$@" || exit
case " $* " in *" --help "* | *" -h "*) exit 0 ;; esac

[ "$(id -u)" = 0 ] || fail "the benchmark starts a corosync in private namespaces, which takes root: sudo npm run bench"
need_programs corosync:corosync unshare:util-linux ip:iproute2 gcc:gcc /usr/include/stdlib.h:libc6-dev \
  /usr/include/corosync/cmap.h:libcmap-dev /usr/include/corosync/cpg.h:libcpg-dev /usr/include/qb/qbipcc.h:libqb-dev \
  /usr/include/corosync/quorum.h:libquorum-dev /usr/include/corosync/votequorum.h:libvotequorum-dev ||
  fail "the programs to compare with cannot be built"

programs=build/bench
mkdir -p "$programs"
case " $* " in
  *" --dist "* | *" --dist="*) ;;
  *)
    npm run --silent build
    # What is measured stays as it is, whoever builds again meanwhile.
    rm -rf "$programs/dist"
    cp -r dist "$programs/dist"
    set -- --dist "$programs/dist" "$@"
    ;;
esac
# The row "wait" changes constants, which only modules that are not bundled allow.
npx tsc -p tsconfig.build.json --outDir "$programs/modules" --declaration false --emitDeclarationOnly false
compile() {
  program=$1
  shift
  gcc -O2 -Wall -Wextra -Werror -o "$programs/$program" "bench/c/$program.c" "$@"
}
compile libcmap-peer bench/c/peer.c -lcmap
compile libqb-peer bench/c/peer.c -lqb
compile cpg-peer bench/c/peer.c -lcpg
compile libcpg-peer bench/c/peer.c -lcpg
compile libquorum-peer bench/c/peer.c -lquorum -lvotequorum
compile spin

unset NODE_OPTIONS
exec scripts/in-namespaces.sh node --import tsx bench/main.ts "$@"
