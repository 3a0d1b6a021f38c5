"""Readers of released files, one a format."""
