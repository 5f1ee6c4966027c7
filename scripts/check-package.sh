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

# Installed into an empty project it needs nothing but itself, and its types hold for a strict user.
mkdir "$work/user"
cp test/package/* "$work/user"
npm install --silent --no-audit --no-fund --prefix "$work/user" "$tarball"
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
for tool in cmapctl quorumtool cfgtool cpgtool; do "$work/user/node_modules/.bin/$tool" -h >/dev/null; done

# Bundlers need no options for it: what is optional is no business of theirs.
for format in cjs esm; do
  npx esbuild "$work/user/bundle.mjs" --bundle --platform=node --format=$format --minify --log-level=warning \
    --outfile="$work/user/esbuild.$format.mjs"
done
mv "$work/user/esbuild.cjs.mjs" "$work/user/esbuild.cjs"
node scripts/webpack.mjs "$work/user/bundle.mjs" "$work/user/webpack.cjs"
use_bundles() {
  for bundle in esbuild.cjs esbuild.esm.mjs webpack.cjs; do
    (cd "$work/user" && node "$bundle" "$@") || fail "$bundle does not work"
  done
}
use_bundles

# With the optional package for datagram sockets, it gets on to what is not there.
version=$(node -p 'require("./package.json").peerDependencies["node-unix-socket"]')
npm install --silent --no-audit --no-fund --prefix "$work/user" "node-unix-socket@$version"
(cd "$work/user" && node use-sockets.mjs CS_ERR_NOT_EXIST)
use_bundles sockets
