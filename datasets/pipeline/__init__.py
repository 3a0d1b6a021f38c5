"""Records to training batches and evaluation images."""
