"""Anything that predicts, timed beside others in one run: time, memory, size, agreement and mean IoU."""
