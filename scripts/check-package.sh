#!/usr/bin/env bash
# Packs the package as it would be published and looks at it as its users' tools do.
# shellcheck source=scripts/prepare.sh
. "$(dirname "$0")/prepare.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

npm pack --silent --pack-destination "$work" >/dev/null
tarball=$(echo "$work"/*.tgz)
npx publint --strict "$tarball"
npx attw --profile esm-only --no-emoji "$tarball"

# Installed into an empty project without what is optional it needs nothing but itself, and its types hold for a strict user.
mkdir "$work/user"
cp test/package/* "$work/user"
npm install --silent --omit=optional --no-audit --no-fund --prefix "$work/user" "$tarball"
[ "$(find "$work/user/node_modules" -mindepth 1 -maxdepth 1 -not -name '.*' | wc -l)" = 1 ] ||
  fail "the package has dependencies"
for resolution in nodenext bundler; do
  npx tsc --project "$work/user/tsconfig.$resolution.json" --typeRoots "$PWD/node_modules/@types"
done
# The examples of README.md and docs/, as TypeScript, with the tsconfig.json that README.md shows.
mkdir "$work/user/examples"
npx tsx scripts/write-examples.ts "$work/user/examples"
npx tsc --noEmit --project "$work/user/examples" --typeRoots "$PWD/node_modules/@types"
# What README.md links to comes along.
grep -oE '\]\([a-zA-Z][^):#]*' README.md | tr -d '](' | while read -r link; do
  [ -e "$work/user/node_modules/corosync-client/$link" ] || fail "README.md links to $link, which is not in the package"
done
(cd "$work/user" && node use.mjs && node use-sockets.mjs CS_ERR_NOT_SUPPORTED)
"$work/user/node_modules/.bin/corosync-client" --version
"$work/user/node_modules/.bin/cmapctl" -h >/dev/null

# The way its users install it: with the one optional package, for datagram sockets, where it gets on to what is not there.
npm install --silent --no-audit --no-fund --prefix "$work/user" "$tarball"
[ -d "$work/user/node_modules/node-unix-socket" ] || fail "the package for datagram sockets is not installed along"
(cd "$work/user" && node use-sockets.mjs CS_ERR_NOT_EXIST)
