"""What TensorFlow Serving needs around a SavedModel."""
