"""What predicts: a model, a file or an export, for arrays, files and batches."""
