"""Readers of released files, one for each format."""
