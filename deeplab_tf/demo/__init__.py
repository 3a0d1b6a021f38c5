"""The whole job on drawn images: draw, convert, inspect, train, evaluate, export, segment, and a page that tells it."""

from deeplab_tf.demo.run import SETTINGS, run_demo

__all__ = ["SETTINGS", "run_demo"]
