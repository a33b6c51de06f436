"""The exit codes of `fluid`, by what ended it."""

FAILED = 1
WRONG_INPUT = 2
BOUND_FELL = 3
BLIND = 4
PREEMPTED = 75
INTERRUPTED = 130
TERMINATED = 143
