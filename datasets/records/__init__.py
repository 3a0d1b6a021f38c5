"""Pairs of image and mask, checked and stored as TFRecords."""
