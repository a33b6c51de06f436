#!/usr/bin/env bash
# Measure everything on a GPU in one go and write JSON (default: gpu.json). Ends with code 3 where no GPU is. Arguments go to gpu.py.
# Example: bash benchmarks/performance/gpu.sh --json gpu.json --repeats 20
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
if ! command -v nvidia-smi >/dev/null || ! nvidia-smi --list-gpus 2>/dev/null | grep -q GPU; then
  echo "SKIPPED: no GPU on this machine (nvidia-smi lists none). Elsewhere: python benchmarks/performance/gpu.py --device cpu --quick --json FILE" >&2
  exit 3
fi
source scripts/setup.sh ""
[[ " $* " == *" --json "* ]] || set -- --json gpu.json "$@"
python benchmarks/performance/gpu.py --device cuda "$@"
