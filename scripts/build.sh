#!/usr/bin/env bash
# Builds dist: types by tsc, code by esbuild. One file for each entry: to load 50 modules takes Node longer than most
# runs of the command line take otherwise.
set -eu
cd "$(dirname "$0")/.."

rm -rf dist
npx tsc -p tsconfig.build.json
npx esbuild src/index.ts src/testing/index.ts src/cli/main.ts src/cli/cmapctl-main.ts --bundle --format=esm --platform=node \
  --target=node20.19 --sourcemap --outdir=dist --outbase=src \
  --external:node-unix-socket --external:unix-dgram --log-level=warning
