#!/usr/bin/env bash
# npm run docs: sets up what is missing, then makes the reference of the API from the comments. A warning is a failure.
# shellcheck source=scripts/prepare.sh
. "$(dirname "$0")/prepare.sh"

need_node
need_npm_packages
npx typedoc --logLevel Warn
say "the reference is in build/reference/index.html"
