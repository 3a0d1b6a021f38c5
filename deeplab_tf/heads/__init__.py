"""What turns a backbone's features into the map that the classifier sees."""

from deeplab_tf.heads.aspp import aspp, default_atrous_rates, image_pooling
from deeplab_tf.heads.classifier import CLASSIFIER, classifier
from deeplab_tf.heads.decoder import decoder, reads_logits
from deeplab_tf.heads.dense_prediction_cell import GridPool, dense_prediction_cell
from deeplab_tf.heads.encoder import encoder_head
from deeplab_tf.heads.fully_convolutional import FULLY_CONNECTED, join_scales, vgg_head
from deeplab_tf.heads.lr_aspp import WindowPooling, lr_aspp

__all__ = [
    "CLASSIFIER",
    "FULLY_CONNECTED",
    "GridPool",
    "WindowPooling",
    "aspp",
    "classifier",
    "decoder",
    "default_atrous_rates",
    "dense_prediction_cell",
    "encoder_head",
    "image_pooling",
    "join_scales",
    "lr_aspp",
    "reads_logits",
    "vgg_head",
]
