"""What happens between the steps: the log, validation, curves, checkpoints, progress."""
