"""The serving kit: what starts TensorFlow Serving with a folder of versions, and what asks it."""

from __future__ import annotations

import re
import string
from pathlib import Path

from deeplab_tf.files import replacing

README = "README.md"
_TEXTS = {
    "models.config": """\
model_config_list {
  config {
    name: "$name"
    base_path: "/models/$name"
    model_platform: "tensorflow"
  }
}
""",
    "batching.config": """\
# Images wait in a queue and are computed one by one on each thread: on a processor, batches gain nothing, and images of
# different sizes, sent as numbers, cannot share one. On a GPU, for images of one size, try a max_batch_size of 8.
max_batch_size { value: 1 }
batch_timeout_micros { value: 0 }
max_enqueued_batches { value: 100 }
num_batch_threads { value: 2 }
# A request of several images is cut into its images.
enable_large_batch_splitting { value: true }
""",
    "compose.yaml": """\
services:
  "$name":
    image: tensorflow/serving
    # Only for this machine. The server asks nobody for a password: put what does in front of it before others reach it.
    ports:
      - "127.0.0.1:8501:8501"  # REST
      - "127.0.0.1:8500:8500"  # gRPC
    volumes:
      - .:/models/$name:ro
    environment:
      # Convolutions with their bias and activation in one; off by default on some processors.
      TF_ENABLE_ONEDNN_OPTS: "1"
    command:
      - --model_config_file=/models/$name/models.config
      - --enable_batching=true
      - --batching_parameters_file=/models/$name/batching.config
    restart: unless-stopped
""",
    README: """\
# $name, served

    docker compose up

starts TensorFlow Serving with the highest version in this folder. A version that is added later takes over by itself
(`deeplab-tf export MODEL --format saved_model --output FOLDER --serving-kit`). Before a version answers, it has run the
requests in its `assets.extra`.

    python client.py photo.jpg --output labels                           # Pillow
    python client.py photo.jpg --output labels --grpc localhost:8500     # and tensorflow-serving-api

saves labels in the classes' colours and prints the share of each class. The same with curl:

    (printf '{"signature_name": "image_bytes", "instances": [{"image_bytes": {"b64": "'
     base64 < photo.jpg | tr -d '\\n'
     printf '"}}]}') | curl -s -d @- http://localhost:8501/v1/models/$name:predict

    {"predictions": [{"labels_bytes": {"b64": "iVBORw0..."}, "height": 375, "width": 500, "error": ""}]}

`labels_bytes` is a grey PNG of class numbers, as large as the image once its EXIF orientation is applied. An image that
cannot be decoded has an `error`, no bytes and the size 0x0; others of the same request are not affected.

`1/assets.extra/deeplab.json` has the names and colours of the classes. `docs/serving.md` of deeplab-tf has more.
""",
}


def served_name(folder: Path) -> str:
    """The name under which a folder of versions is served: its own, where a URL can hold it.

    Example:
        >>> served_name(Path("serving/my voc"))
        'my_voc'
    """
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", folder.resolve().name).strip("_.-") or "model"


def write_kit(folder: Path, overwrite: bool) -> Path:
    """Writes the kit beside versions; files that are there stay, as they may have been changed.

    Args:
        folder: Of the versions.
        overwrite: Write the files that are there again.

    Returns:
        The kit's README.
    """
    name = served_name(folder)
    texts = {file: string.Template(text).substitute(name=name) for file, text in _TEXTS.items()}
    texts["client.py"] = Path(__file__).with_name("client.py").read_text(encoding="utf-8")
    for file, text in texts.items():
        if overwrite or not (folder / file).exists():
            with replacing(folder / file) as temporary:
                temporary.write_text(text, encoding="utf-8")
    return folder / README
