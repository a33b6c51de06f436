#!/usr/bin/env bash
# Make sure that a Python environment with fluid and the given extras is active: sourced by demo.sh, test.sh, docs.sh and benchmarks/performance/gpu.sh.
# Uses the active virtual environment, else .venv in the checkout (made if absent). Running it again changes nothing.
set -euo pipefail
extra=${1:-}
# Nothing is compiled at installation (below), so it must be at first use: else each of some hundred processes compiles all it imports, torch included.
unset PYTHONDONTWRITEBYTECODE
if [[ -z ${VIRTUAL_ENV:-} ]]; then
  if [[ ! -x .venv/bin/python ]]; then
    python=""
    for candidate in python3.13 python3.12 python3.11 python3 python; do
      if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$candidate; break; fi
    done
    [[ -n $python ]] || { echo "fluid needs Python 3.11 or newer on the PATH." >&2; exit 1; }
    echo "Making the virtual environment .venv with $($python --version)."
    "$python" -m venv .venv
  fi
  # shellcheck disable=SC1091
  source .venv/bin/activate
fi
stamp="$VIRTUAL_ENV/.fluid-$( (cat pyproject.toml constraints.txt; echo "$extra") | sha256sum | cut -c1-16)"
if [[ ! -e $stamp ]]; then
  # Not compiled: that would take half a minute for thousands of modules that nobody imports; Python compiles the others when they are.
  echo "Installing fluid${extra:+ with its $extra tools} and what it needs (some minutes the first time)."
  python -m pip install --quiet --no-compile --disable-pip-version-check --constraint constraints.txt "$(grep '^torch==' constraints.txt)"
  python -m pip install --quiet --no-compile --disable-pip-version-check --constraint constraints.txt --editable ".${extra:+[$extra]}"
  touch "$stamp"
fi
