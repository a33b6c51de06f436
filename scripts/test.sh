#!/usr/bin/env bash
# Set up and run all checks: lint, types, layer contracts, tests. Arguments go to pytest (e.g. -m slow, -k consensus).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/setup.sh test
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} WANDB_MODE=offline
ruff check .
mypy
lint-imports
python -m pytest --numprocesses "${FLUID_TEST_WORKERS:-2}" --dist loadfile "$@"
