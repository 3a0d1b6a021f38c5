"""Released files by name and the SHA-256 of their content, so that a damaged or other file of that name is refused."""

from __future__ import annotations

import os
from pathlib import Path

from deeplab_tf.files.reading import shown

# google-coral/test_data, tensorflow/tflite-support and, of the graph, CODAIT/max-tfjs-models.
SUMS = {
    "deeplab_mobilenet_edgetpu_slim_cityscapes_quant.tflite":
        "322fe29945cb1693f426952f2a330ab67ea5678545ddee6f2548e0cfd0ca03e5",
    "deeplabv3_mnv2_dm05_float.tflite": "9711334db2b01d5894feb8ed0f5cb3e97d125b8d229f8d8692f625801818f5ef",
    "deeplabv3_mnv2_dm05_pascal_quant.tflite": "0470d2a782aa54eeeb99d32e7b6b3fb7722905c7c4f5d26bd957ec861366d48b",
    "deeplabv3_mnv2_pascal_quant.tflite": "350af47fd346ea6d74b58833a351f583ba860e9806ec5bd292ff8d8f1f249398",
    "deeplabv3_mnv2_pascal_trainval_frozen.pb": "993397efbf15e414858e4a5b2ce62cfa24495007532e51329699a53a4202922a",
    "mobilenet_v2_1.0_224_quant.tflite": "7aad0c74c5e3c06e5eb3c827e13304fdd68a83da6087d92ee169c24ff9fd4776",
}  # fmt: skip


def check_known(path: str | os.PathLike, found: str) -> None:
    """Refuses a file that has the name of a released one and is not it.

    Args:
        path: The file.
        found: The SHA-256 of its content, in hexadecimal digits.

    Raises:
        ValueError: If it is another; the message names it.
    """
    expected = SUMS.get(Path(path).name)
    if expected not in (None, found):
        raise ValueError(
            f"{shown(path)} has the name of a released file, but not its content (SHA-256 {found[:12]}..., expected "
            f"{expected[:12]}...): it is damaged or was changed. Download it again, or rename it if it is your own."
        )
