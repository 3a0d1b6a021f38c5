"""What exported files look like, for the code that writes them and the code that reads them."""

# Names and settings of the model: in a SavedModel's extra folder, or appended to a `.tflite` file.
SIDE_FILE = "deeplab.json"
EXTRA_FOLDER = "assets.extra"
# The classes' names, a line each, appended to a `.tflite` file, where MediaPipe looks for them.
LABELS_FILE = "labels.txt"
# Scores at the stride of the map that they are made of, which whoever uses the file enlarges.
LOW_SCORES = "low_logits"
# A SavedModel's signatures; they take `image` and give `labels` and `probabilities`. The third takes `image_bytes`.
LABELS_SIGNATURE, PROBABILITIES_SIGNATURE, IMAGE_BYTES_SIGNATURE = "serving_default", "probabilities", "image_bytes"
# Exports take pixels as they are, uint8, and normalise them inside. For `.tflite` files from elsewhere
# `deeplab_tf.weights.formats.tflite_input` finds what the pixels 0 and 255 have to become.
INPUT_RANGE = (0.0, 255.0)
