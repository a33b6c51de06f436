#!/usr/bin/env bash
# The molecules of every federation, and their division among companies. Submitted by submit.sh.
#SBATCH --job-name=fluid-prepare
#SBATCH --output=fluid-prepare-%j.log --open-mode=append
#SBATCH --time=240 --signal=B:USR1@120 --requeue
#SBATCH --ntasks=1 --cpus-per-task=2
set -euo pipefail
source "$FLUID_SLURM/job.sh"
read -ra seeds <<<"$SEEDS"
for seed in "${seeds[@]}"; do job target=data seed="$seed" "$@"; done
