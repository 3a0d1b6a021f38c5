"""Image and mask files, arrays of them, and their sizes."""

from deeplab_tf.images.arrays import as_rgb, check_image_path, read_image, read_mask, write_image, write_label_png
from deeplab_tf.images.files import IMAGE_SUFFIXES

__all__ = [
    "IMAGE_SUFFIXES",
    "as_rgb",
    "check_image_path",
    "read_image",
    "read_mask",
    "write_image",
    "write_label_png",
]
