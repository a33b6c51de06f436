#!/usr/bin/env bash
# Set up and run all checks: lint, types, layer contracts, tests, and the smoke tier of the benchmark against its golden numbers.
# `quick` as first argument: lint, types, contracts and the quick tests of the core rooms, none of which trains a model; a minute at most.
# Other arguments go to pytest (e.g. -m slow, -k consensus); with any, the benchmark is left out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/setup.sh test
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} WANDB_MODE=offline
tests() { # ARGUMENT...: run pytest in as many processes as there are cores to spare
  python -m pytest --numprocesses "${FLUID_TEST_WORKERS:-2}" --dist loadfile --no-loadscope-reorder "$@"
}
ruff check .
lint-imports
mypy & # beside the tests: without its cache it keeps one core busy for a minute
types=$!
trap 'kill "$types" 2>/dev/null || true' EXIT
types_are_right() { # wait for mypy, which may have spoken long before the tests ended
  wait "$types" || { echo "mypy failed: see what it says above." >&2; exit 1; }
}
if [[ ${1:-} == quick ]]; then
  shift
  rooms=(tests/test_*.py tests/molecules tests/data tests/companies tests/distillation tests/annotation tests/evaluation tests/pipeline)
  echo "quick: ${rooms[*]#tests/}, without tests/pipeline/test_code* and what is marked slow or long. All else: bash scripts/test.sh"
  tests -m "not slow and not long" --ignore-glob="tests/pipeline/test_code*" "${rooms[@]}" "$@"
  types_are_right
  exit
fi
tests "$@"
types_are_right
if (($# == 0)); then
  python -m fluid benchmark suite=public_validation tier=smoke check=true
fi
