#!/usr/bin/env bash
# What is left of one federation: student, hybrids, scores, report. Submitted by submit.sh as an array over seeds.
#SBATCH --job-name=fluid-students
#SBATCH --output=fluid-students-%A_%a.log --open-mode=append
#SBATCH --time=240 --signal=B:USR1@120 --requeue
#SBATCH --ntasks=1 --cpus-per-task=2
set -euo pipefail
source "$FLUID_SLURM/job.sh"
read -ra seeds <<<"$SEEDS"
job seed="${seeds[SLURM_ARRAY_TASK_ID]}" "$@"
