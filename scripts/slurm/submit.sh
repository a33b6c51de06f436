#!/usr/bin/env bash
# Submit federations to Slurm, one per seed: prepare -> teachers (array: companies and pooled x seeds) -> reduce -> students (array: seeds).
# Prints the number of each job. Results: runs/STUDY (fluid collect folder=runs/STUDY); what failed: fluid status. The same command again goes on.
#   COMPANIES=8 SEEDS="0 1 2" STUDY=study bash scripts/slurm/submit.sh model=dmpnn     any settings of fluid simulate
#   SBATCH_PARTITION=gpu SBATCH_GPUS=1 bash scripts/slurm/submit.sh trainer=gpu        any options of sbatch by its variables
set -euo pipefail
export COMPANIES=${COMPANIES:-8} SEEDS=${SEEDS:-0} FLUID_SLURM
FLUID_SLURM=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
read -ra seeds <<<"$SEEDS"
set -- companies.n="$COMPANIES" sweep="${STUDY:-study}" "$@"

submit() { # NAME OPTIONS... -- SETTINGS...: submit NAME.sh; prints its number
  local name=$1 options=()
  shift
  while [[ $1 != -- ]]; do options+=("$1"); shift; done
  sbatch --parsable --kill-on-invalid-dep=yes "${options[@]}" "$FLUID_SLURM/$name.sh" "${@:2}"
}

prepare=$(submit prepare -- "$@")
teachers=$(submit teachers --dependency="afterok:$prepare" --array="0-$((${#seeds[@]} * (COMPANIES + 1) - 1))" -- "$@")
reduce=$(submit reduce --dependency="afterok:$teachers" -- "$@")
students=$(submit students --dependency="afterok:$reduce" --array="0-$((${#seeds[@]} - 1))" -- "$@")
echo "prepare $prepare, teachers $teachers, reduce $reduce, students $students"
