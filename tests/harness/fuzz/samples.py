"""A sound file or folder of every format that users give, small enough to be read in no time."""

import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

import harness.release_variables as release
from deeplab_tf.backbones.genotype import genotype
from deeplab_tf.datasets import convert_folder, draw_shapes, open_dataset
from deeplab_tf.models import save_model
from deeplab_tf.training import RunFolder, TrainConfig
from deeplab_tf.training.checkpoint import save_checkpoint
from deeplab_tf.training.optimisation.trainer import make_trainer
from deeplab_tf.training.start import build_model
from deeplab_tf.training.state import RunState
from harness.tiny_model import photo, tiny_model

H, W = 24, 33


def images(folder: Path) -> None:
    for suffix in ("jpg", "png", "bmp", "tif", "webp", "gif"):
        Image.fromarray(photo(H, W)).save(folder / f"photo.{suffix}")


def masks(folder: Path) -> None:
    ids = (np.arange(H * W).reshape(H, W) // 100 % 3).astype(np.uint8)
    Image.fromarray(ids).save(folder / "grey.png")
    palette = Image.fromarray(ids)
    palette.putpalette(bytes(range(256)) * 3)
    palette.save(folder / "palette.png")
    Image.fromarray(ids.astype(np.uint16)).save(folder / "wide.png")
    palette.save(folder / "palette.bmp")
    Image.fromarray(ids).save(folder / "grey.tif")


def names(folder: Path) -> None:
    for part, values in (("images", photo(H, W)), ("masks", np.arange(H * W, dtype=np.uint16).reshape(H, W) % 3)):
        (folder / part).mkdir()
        Image.fromarray(values.astype(np.uint8)).save(folder / part / "a.png")
    (folder / "names.txt").write_text("background\nroad 128 64 128 # tracks\nfield 0 255 0\n")


def labelme(folder: Path) -> None:
    box = {"label": "dog", "points": [[2, 3], [10, 8]], "group_id": None, "shape_type": "rectangle"}
    polygon = {**box, "label": "cat", "points": [[5, 5], [20, 5], [12, 20]], "shape_type": "polygon"}
    about = {"version": "5.4.1", "flags": {}, "imagePath": "a.png", "imageData": None, "imageHeight": H}
    Image.fromarray(photo(H, W)).save(folder / "a.png")
    (folder / "a.json").write_text(json.dumps({**about, "shapes": [box, polygon], "imageWidth": W}))


def coco(folder: Path) -> None:
    for part in ("train2017", "annotations"):
        (folder / part).mkdir()
    Image.fromarray(photo(H, W)).save(folder / "train2017" / "000000000009.jpg")
    common = {"image_id": 9, "iscrowd": 0, "area": 9.0, "bbox": [0, 0, 3, 3]}
    runs = {"counts": [100, 50, H * W - 150], "size": [H, W]}
    content = {
        "info": {},
        "images": [{"id": 9, "file_name": "000000000009.jpg", "height": H, "width": W}],
        "annotations": [
            {**common, "id": 1, "category_id": 1, "segmentation": [[2, 3, 20, 3, 20, 15, 2, 15]]},
            {**common, "id": 2, "category_id": 3, "segmentation": runs, "iscrowd": 1},
        ],
        "categories": [{"id": 1, "name": "person"}, {"id": 3, "name": "car"}],
    }
    (folder / "annotations" / "instances_train2017.json").write_text(json.dumps(content))


def records(folder: Path) -> None:
    drawn = draw_shapes(folder / "drawn", 3, size=(32, 40))
    convert_folder(
        drawn / "images", drawn / "masks", folder, class_names=drawn / "class_names.txt", split="val", workers=1
    )
    shutil.rmtree(drawn)


def keras_file(folder: Path) -> None:
    save_model(tiny_model(), folder / "model.keras")


def run(folder: Path) -> None:
    (folder / "data").mkdir()
    records(folder / "data")
    config = TrainConfig(
        data=str(folder / "data"), output=str(folder / "run"), depth_multiplier=0.25, atrous_rates=(), crop_size=33,
        steps=1, train_split="val", learning_rate=0.01,
    )  # fmt: skip
    dataset, kept = open_dataset(config.data.folder), RunFolder(config.output)
    counts = {split: dataset.count(split) for split in dataset.splits}
    kept.write_config(config, {"images": counts, "labels": dataset.labels.to_dict(), "class_weights": [1.0] * 6})
    model = build_model(config, dataset.labels)
    rows = [{"step": 1, "loss": 1.5, "learning_rate": 0.01, "seconds": 3.0}]
    save_checkpoint(kept.checkpoint, model, make_trainer(model, config, None), RunState(1, 3.0, 1, rows=rows))
    save_model(model, kept.model)


def tflite(folder: Path) -> None:
    from deeplab_tf.export import export_tflite

    export_tflite(tiny_model(), folder / "own.tflite", images=[photo(65, 65)], size=65)


def released_tflite(folder: Path) -> None:
    shared = Path(__file__).resolve().parents[4] / "shared" / "weights"
    shutil.copy(shared / "deeplabv3_mnv2_dm05_pascal_quant.tflite", folder / "released.tflite")


def saved_model(folder: Path) -> None:
    from deeplab_tf.export import export_saved_model

    export_saved_model(tiny_model(), folder / "saved", images=[photo(65, 65)])


def frozen(folder: Path) -> None:
    v1, draw, graph = tf.compat.v1, np.random.default_rng(0), tf.Graph()
    with graph.as_default():
        image = v1.placeholder(tf.float32, (1, 9, 9, 3), name="image")
        kernel = v1.constant(draw.uniform(-1, 1, (3, 3, 3, 4)).astype(np.float32), name="A/Conv/weights")
        x = v1.nn.conv2d(image, v1.identity(kernel, name="A/Conv/weights/read"), strides=2, padding="SAME")
        scale = [v1.constant(draw.uniform(0.1, 1, 4).astype(np.float32), name=f"A/Conv/BatchNorm/{n}") for n in "gbmv"]
        x = v1.nn.fused_batch_norm(x, *scale, epsilon=1e-3, is_training=False, name="A/Conv/BatchNorm/Fused")[0]
        v1.identity(x, name="out")
    (folder / "graph.pb").write_bytes(graph.as_graph_def().SerializeToString())


def released_frozen(folder: Path) -> None:
    shared = Path(__file__).resolve().parents[4] / "shared" / "weights"
    shutil.copy(shared / "deeplabv3_mnv2_pascal_trainval_frozen.pb", folder / "released.pb")


def checkpoint(folder: Path) -> None:
    values = release.random_values({**release.conv("MobilenetV2/Conv", 3, 8, 3), "logits/semantic/biases": (4,)})
    release.write(folder / "model.ckpt-30", {**values, "global_step": np.int64(30)})


def archive(folder: Path) -> None:
    (folder / "inside").mkdir()
    checkpoint(folder / "inside")
    with tarfile.open(folder / "model.tar.gz", "w:gz") as made:
        for file in sorted((folder / "inside").iterdir()):
            made.add(file, f"model/{file.name}")
        text = tarfile.TarInfo("model/readme.txt")
        text.size = 5
        made.addfile(text, io.BytesIO(b"hello"))
    shutil.rmtree(folder / "inside")


def genotype_json(folder: Path) -> None:
    (folder / "cell.json").write_text(genotype("auto_deeplab").to_json())


def weights_json(folder: Path) -> None:
    (folder / "weights.json").write_text(json.dumps({"class_weights": [1.0, 2.5, 0.1, 1e-3], "images": 7}))


def labels_json(folder: Path) -> None:
    (folder / "labels.json").write_text(
        json.dumps({"names": ["a", "b"], "colors": [[1, 2, 3], [4, 5, 6]], "ignore_label": 255, "name": "pair"})
    )


def mat(folder: Path) -> None:
    import scipy.io

    scipy.io.savemat(folder / "x.mat", {"LabelMap": np.arange(60, dtype=np.uint16).reshape(6, 10)}, do_compression=True)


SAMPLES: dict[str, Callable[[Path], None]] = {
    function.__name__: function
    for function in (
        images, masks, names, labelme, coco, records, keras_file, run, tflite, released_tflite, saved_model, frozen,
        released_frozen, checkpoint, archive, genotype_json, weights_json, labels_json, mat,
    )
}  # fmt: skip
