#!/usr/bin/env bash
# The consensus of every federation. Submitted by submit.sh.
#SBATCH --job-name=fluid-reduce
#SBATCH --output=fluid-reduce-%j.log --open-mode=append
#SBATCH --time=240 --signal=B:USR1@120 --requeue
#SBATCH --ntasks=1 --cpus-per-task=1
set -euo pipefail
source "$FLUID_SLURM/job.sh"
read -ra seeds <<<"$SEEDS"
for seed in "${seeds[@]}"; do job target=consensus seed="$seed" "$@"; done
