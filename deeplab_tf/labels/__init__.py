"""What label ids mean: names, colours and ignore labels, of the field's data sets and of your own."""

from deeplab_tf.labels.spec import IGNORE_COLOR, KNOWN, MOST_CLASSES, LabelSpec, label_spec, released_labels, voc_colors

__all__ = ["IGNORE_COLOR", "KNOWN", "MOST_CLASSES", "LabelSpec", "label_spec", "released_labels", "voc_colors"]
