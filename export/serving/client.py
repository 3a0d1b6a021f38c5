"""Sends image files to a server and saves their labels: python client.py photo.jpg --output labels.

It lies beside the folders of a model's versions and needs Python and Pillow; with --grpc also tensorflow-serving-api.
"""

import argparse
import base64
import io
import json
import re
import sys
import urllib.error
import urllib.request
from pathlib import Path

from PIL import Image

HERE = Path(__file__).resolve().parent
SIGNATURE = "image_bytes"


def ask_rest(image: bytes, server: str, model: str, timeout: float = 60) -> dict:
    """What the server finds in an encoded image: `labels_bytes`, a PNG, `height`, `width` and `error`.

    Args:
        image: The content of a JPEG or PNG file.
        server: Address of the REST port, such as `http://localhost:8501`.
        model: The name under which it is served.
        timeout: In seconds.
    """
    instance = {"image_bytes": {"b64": base64.b64encode(image).decode()}}
    body = json.dumps({"signature_name": SIGNATURE, "instances": [instance]}).encode()
    request = urllib.request.Request(f"{server}/v1/models/{model}:predict", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=timeout) as response:
        (result,) = json.load(response)["predictions"]
    return {**result, "labels_bytes": base64.b64decode(result["labels_bytes"]["b64"])}


def ask_grpc(image: bytes, server: str, model: str, timeout: float = 60) -> dict:
    """The same by gRPC; `server` is an address such as `localhost:8500`."""
    import grpc
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = model, SIGNATURE
    request.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto([image]))
    with grpc.insecure_channel(server) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        try:
            outputs = stub.Predict(request, timeout).outputs
        except grpc.RpcError as problem:
            raise OSError(problem.details()) from problem
    result = {name: tf.make_ndarray(value)[0] for name, value in outputs.items()}
    return {**result, "error": result["error"].decode()}


def served_name() -> str:
    """The name in the `models.config` beside this file."""
    return re.search(r'name: "(.+?)"', (HERE / "models.config").read_text(encoding="utf-8"))[1]


def classes() -> tuple:
    """Names and colours of the classes, from the newest version beside this file."""
    newest = max((path for path in HERE.iterdir() if path.name.isdecimal()), key=lambda path: int(path.name))
    labels = json.loads((newest / "assets.extra/deeplab.json").read_text(encoding="utf-8"))["labels"]
    return labels["names"], labels["colors"]


def save(labels_bytes: bytes, path: Path) -> str:
    """Writes labels as a PNG, in the classes' colours; gives the share of each class, the largest first."""
    names, colors = classes()
    labels = Image.open(io.BytesIO(labels_bytes))
    if labels.mode == "L":
        labels.putpalette([value for color in colors for value in color])
    path.parent.mkdir(parents=True, exist_ok=True)
    labels.save(path)
    counts = labels.getcolors(labels.width * labels.height)
    shares = sorted(((count / (labels.width * labels.height), names[label]) for count, label in counts), reverse=True)
    return ", ".join(f"{name} {share:.1%}" for share, name in shares)


def main() -> int:
    """Asks for each image; 1 if one of them failed."""
    parser = argparse.ArgumentParser(description="Sends images to TensorFlow Serving and saves their labels.")
    parser.add_argument("images", nargs="+", type=Path, help="JPEG or PNG files")
    parser.add_argument("--output", type=Path, default=Path("labels"), help="folder for the PNGs  [%(default)s]")
    parser.add_argument("--url", default="http://localhost:8501", help="address of the REST port  [%(default)s]")
    parser.add_argument("--grpc", metavar="HOST:PORT", help="ask by gRPC instead, such as localhost:8500")
    parser.add_argument("--model", default=None, help="name of the model  [that in models.config]")
    given = parser.parse_args()
    model = given.model or served_name()
    failed = 0
    for path in given.images:
        try:
            image = path.read_bytes()
            result = ask_grpc(image, given.grpc, model) if given.grpc else ask_rest(image, given.url, model)
            error = result["error"]
        except urllib.error.HTTPError as problem:
            error = problem.read().decode(errors="replace") or str(problem)
        except urllib.error.URLError as problem:
            error = f"no answer from {given.url} ({problem.reason}). docker compose up starts the server."
        except OSError as problem:
            error = str(problem)
        if error:
            print(f"{path}: {error}", file=sys.stderr)
            failed = 1
        else:
            print(f"{path}: {save(result['labels_bytes'], given.output / f'{path.stem}.png')}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
