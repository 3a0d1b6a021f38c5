"""Damaged files of every format, read in a process of their own: for tests/test_fuzz.py and benchmarks/fuzz.py."""
