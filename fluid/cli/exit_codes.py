"""The exit codes of `fluid`, by what ended it."""

FAILED = 1
WRONG_INPUT = 2
PREEMPTED = 75
INTERRUPTED = 130
TERMINATED = 143
