#!/usr/bin/env bash
# Builds dist: types by tsc, code by esbuild. One file for each entry: to load 50 modules takes Node longer than most
# runs of the command line take otherwise.
set -eu
cd "$(dirname "$0")/.."

# esbuild renames a class that refers to itself (_CmapClient), and console.log would show that to the library's users. Its
# --keep-names costs 8 % of the time that importing takes. The space keeps the columns of the source map.
restore_class_names() {
  local name
  sed -nE 's/^var (\w+) = class _\1 .*/\1/p' "$1" | while read -r name; do sed -i "s/\b_$name\b/$name /g" "$1"; done
}

rm -rf dist
npx tsc -p tsconfig.build.json
bundle() {
  npx esbuild "$@" --bundle --platform=node --target=node20.19 --outdir=dist --outbase=src --log-level=warning
}
# Source maps are for who steps into the library; of the commands they would be as large as everything else together.
bundle src/index.ts src/testing/index.ts --format=esm --sourcemap
# Node starts a CommonJS program 10 ms sooner, which is a fifth of what a run of the command line takes.
bundle src/cli/{main,cmapctl-main,quorumtool-main,cfgtool-main,cpgtool-main}.ts --format=cjs --out-extension:.js=.cjs \
  --define:import.meta.url=moduleUrl --banner:js='"use strict"; const moduleUrl = require("node:url").pathToFileURL(__filename).href;'
restore_class_names dist/index.js
restore_class_names dist/testing/index.js
