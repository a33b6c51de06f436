#!/usr/bin/env bash
# Set up and run all checks: lint, types, layer contracts, tests, and the smoke tier of the benchmark against its golden numbers.
# Arguments go to pytest (e.g. -m slow, -k consensus); with any, the benchmark is left out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/setup.sh test
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} WANDB_MODE=offline
ruff check .
mypy
lint-imports
python -m pytest --numprocesses "${FLUID_TEST_WORKERS:-2}" --dist loadfile --no-loadscope-reorder "$@"
if (($# == 0)); then
  python -m fluid benchmark suite=public_validation tier=smoke check=true
fi
