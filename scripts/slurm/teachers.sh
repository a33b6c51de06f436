#!/usr/bin/env bash
# One part of one federation: the pooled model, or a company's teacher and its annotations. Submitted by submit.sh as an array.
#SBATCH --job-name=fluid-teachers
#SBATCH --output=fluid-teachers-%A_%a.log --open-mode=append
#SBATCH --time=240 --signal=B:USR1@120 --requeue
#SBATCH --ntasks=1 --cpus-per-task=1
set -euo pipefail
source "$FLUID_SLURM/job.sh"
read -ra seeds <<<"$SEEDS"
parts=(pooled $(seq -f "T%.0f" "$COMPANIES"))
job target="${parts[SLURM_ARRAY_TASK_ID % ${#parts[@]}]}" seed="${seeds[SLURM_ARRAY_TASK_ID / ${#parts[@]}]}" "$@"
