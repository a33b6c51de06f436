#!/usr/bin/env bash
# Set up and build the pages into site/, strictly: a broken link or name is an error. Arguments go to mkdocs build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/setup.sh docs
export NO_MKDOCS_2_WARNING=1
python -m mkdocs build --strict --quiet "$@"
echo "The pages are in site/: open site/index.html, or run: python -m mkdocs serve"
