# Sourced by the scripts beside it. `job KEY=VALUE...` runs `fluid simulate` and returns its exit code. A warning of the time limit (SIGUSR1)
# and a cancellation (SIGTERM) are passed on to it; after a warning the job is queued again, once: what is done by then lies in the store.
job() {
  local pid code told=yes
  python -m fluid simulate trainer.progress=false workers="${SLURM_CPUS_PER_TASK:-1}" "$@" &
  pid=$!
  trap 'told=yes; kill -USR1 $pid' USR1
  trap 'told=yes; kill -TERM $pid' TERM
  while [[ -n $told ]]; do # a signal ends the waiting, not the run
    told="" code=0
    wait $pid || code=$?
  done
  trap - USR1 TERM
  if [[ $code == 75 && ${SLURM_RESTART_COUNT:-0} == 0 ]]; then # 75: preempted
    scontrol requeue "${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}${SLURM_ARRAY_TASK_ID:+_$SLURM_ARRAY_TASK_ID}"
  fi
  return $code
}
