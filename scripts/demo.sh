#!/usr/bin/env bash
# The main job on the embedded hERG data: set up, run a whole federation, open its report. Extra settings are passed on.
# Example: bash scripts/demo.sh model=dmpnn seed=3 name=mine
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/setup.sh ""
fluid simulate experiment=demo open=true "$@"
