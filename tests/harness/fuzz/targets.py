"""What reads each format in the library and on the command line, and whether a checksum guards it."""

import dataclasses
from pathlib import Path

import numpy as np

from deeplab_tf.backbones.genotype import genotype
from deeplab_tf.datasets import (
    convert_coco,
    convert_folder,
    convert_labelme,
    evaluation_images,
    explained_data,
    open_dataset,
)
from deeplab_tf.datasets.builders.class_names import read_class_names
from deeplab_tf.datasets.builders.matlab import read_mat
from deeplab_tf.datasets.pipeline.class_weights import read_class_weights
from deeplab_tf.files import read_json
from deeplab_tf.files.reading import reading
from deeplab_tf.images import read_image, read_mask
from deeplab_tf.inference import open_predictor
from deeplab_tf.labels import LabelSpec
from deeplab_tf.models import load_model
from deeplab_tf.training import RunFolder
from deeplab_tf.training.checkpoint import load_state, restore_training
from deeplab_tf.training.optimisation.trainer import make_trainer
from deeplab_tf.weights import load_released
from deeplab_tf.weights.formats.archive import unpacked
from deeplab_tf.weights.formats.checkpoint import read_checkpoint
from deeplab_tf.weights.formats.frozen_graph import read_frozen_graph
from harness.fuzz.target import Target, digest
from harness.tiny_model import photo


def _labelme(folder: Path, file: Path) -> str:
    return digest(convert_labelme(folder, folder / "out", workers=1).images)


def _coco(folder: Path, file: Path) -> str:
    return digest(convert_coco(folder, "train", folder / "out", classes="all", min_pixels=0, workers=1).images)


def _pair(folder: Path, file: Path) -> str:
    names = folder / "names.txt"
    return digest(convert_folder(folder / "images", folder / "masks", folder / "out", class_names=names).images)


def _records(folder: Path, file: Path) -> str:
    dataset = open_dataset(folder)
    values = [dataset.labels]
    for split in dataset.splits:
        with explained_data(dataset, split):
            for example in evaluation_images(dataset, split).as_numpy_iterator():
                values += [example["filename"], example["image"], example["label"]]
    return digest(*values)


def _keras(folder: Path, file: Path) -> str:
    model = load_model(file)
    return digest(model.labels, *model.get_weights())


def _settings(folder: Path, file: Path) -> str:
    run = RunFolder(folder / "run")
    return digest(run.read_config(), run.read_resolved())


def _resumed(folder: Path, file: Path) -> str:
    model, state = load_state(file)
    trainer = make_trainer(model, RunFolder(folder / "run").read_config(), None)
    restore_training(file, model, trainer)
    return digest(state, *model.get_weights(), *(np.asarray(value) for value in trainer.optimizer.variables))


def _predicted(folder: Path, file: Path) -> str:
    path = folder / "saved" if (folder / "saved").is_dir() else file
    predictor = open_predictor(path)
    return digest(predictor.labels, predictor.predict(photo(40, 60)))


def _released(folder: Path, file: Path) -> str:
    return digest(*load_released(file).get_weights())


def _graph(folder: Path, file: Path) -> str:
    found = read_frozen_graph(file)
    values = [value for one in found.convolutions.values() for value in dataclasses.astuple(one)]
    return digest(found.pooling_window, sorted(found.convolutions), *values)


def _variables(prefix: Path) -> str:
    found = read_checkpoint(prefix)
    return digest(found.shapes, *(found.read(name) for name in found.shapes))


def _archive(folder: Path, file: Path) -> str:
    with unpacked(file) as prefix, reading(file):
        return _variables(prefix)


def _labels(folder: Path, file: Path) -> str:
    with reading(file, "label specification"):
        return digest(LabelSpec.from_dict(read_json(file)))


CONVERT = (
    "convert", "folder", "--images", "{folder}/images", "--masks", "{folder}/masks", "--output", "{out}",
    "--class-names", "{folder}/names.txt",
)  # fmt: skip
TARGETS: dict[str, Target] = {
    "image": Target(
        "images", r"photo\.(jpg|bmp|tif|webp|gif)", lambda folder, file: digest(read_image(file)), cases=1800,
        renamed=True, command=("segment", "{model}", "{file}", "--output", "{out}"),
    ),
    "png": Target(
        "images", r"photo\.png", lambda folder, file: digest(read_image(file)), checked=True, cases=700, renamed=True,
        command=("segment", "{model}", "{file}", "--output", "{out}"),
    ),
    "mask": Target(
        "masks", r".*\.(bmp|tif)", lambda folder, file: digest(read_mask(file)), cases=500, renamed=True,
    ),
    "png mask": Target(
        "masks", r".*\.png", lambda folder, file: digest(read_mask(file, np.uint16)), checked=True, cases=700,
        renamed=True,
    ),
    "pair": Target("names", r"(images|masks)/a\.png", _pair, cases=300, command=CONVERT),
    "names": Target(
        "names", r"names\.txt", lambda folder, file: digest(read_class_names(file)), cases=500, renamed=True,
        # Of fewer names the masks hold too many classes.
        names=("masks/a.png",),
        command=(*CONVERT[:-1], "{file}"),
    ),
    "labelme": Target(
        "labelme", r"a\.json", _labelme, cases=900,
        command=("convert", "labelme", "--folder", "{folder}", "--output", "{out}"),
    ),
    "coco": Target(
        "coco", r"annotations/.*\.json", _coco, cases=900, names=("train2017/",),
        command=("convert", "coco", "--root", "{folder}", "--split", "train", "--min-pixels", "0", "--classes", "all",
                 "--output", "{out}"),
    ),
    "index": Target(
        "records", r"dataset\.json", _records, cases=700, names=("-00000-of-00001.tfrecord",),
        command=("inspect", "{folder}"),
    ),
    "records": Target(
        "records", r"val.*\.tfrecord", _records, checked=True, cases=700, command=("inspect", "{folder}")
    ),
    "keras": Target(
        "keras_file", r"model\.keras", _keras, checked=True, cases=220, renamed=True, command=("describe", "{file}")
    ),
    "settings": Target(
        "run", r"run/config\.json", _settings, cases=500,
        command=("train", "--resume", "--output", "{folder}/run", "--data", "{folder}/data"),
    ),
    "checkpoint of a run": Target(
        "run", r"run/last\.keras", _resumed, checked=True, cases=160,
        command=("train", "--resume", "--output", "{folder}/run", "--data", "{folder}/data"),
    ),
    "tflite": Target(
        "tflite", r"own\.tflite", _predicted, checked=True, cases=250, renamed=True,
        command=("segment", "{file}", "{photo}", "--output", "{out}"),
    ),
    "released tflite": Target(
        "released_tflite", r"released\.tflite", _predicted, cases=100,
        command=("segment", "{file}", "{photo}", "--output", "{out}"),
    ),
    "imported tflite": Target(
        "released_tflite", r"released\.tflite", _released, cases=60,
        command=("import", "{file}", "--output", "{out}.keras"),
    ),
    "saved model": Target(
        "saved_model", r"saved/(saved_model\.pb|variables/.*|assets.extra/.*)", _predicted, cases=120, names=("saved",),
        command=("segment", "{folder}/saved", "{photo}", "--output", "{out}"),
    ),
    "frozen": Target(
        "frozen", r"graph\.pb", _graph, cases=500, command=("import", "{file}", "--output", "{out}.keras")
    ),
    "released frozen": Target(
        "released_frozen", r"released\.pb", _released, cases=40, command=("import", "{file}", "--output", "{out}.keras")
    ),
    "checkpoint": Target(
        "checkpoint", r"model\.ckpt.*", lambda folder, file: _variables(folder / "model.ckpt-30"), checked=True,
        cases=500, names=("model.ckpt-30",), command=("import", "{folder}/model.ckpt-30", "--output", "{out}.keras"),
    ),
    "archive": Target(
        "archive", r"model\.tar\.gz", _archive, checked=True, cases=500,
        command=("import", "{file}", "--output", "{out}.keras"),
    ),
    "genotype": Target(
        "genotype_json", r"cell\.json", lambda folder, file: digest(genotype(file)), cases=500,
        command=("describe", "auto_deeplab:hnasnet", "--set", "genotype={file}"),
    ),
    "class weights": Target(
        "weights_json", r"weights\.json", lambda folder, file: digest(read_class_weights(file, 4)), cases=400,
        command=None, renamed=True,
    ),
    "labels": Target("labels_json", r"labels\.json", _labels, cases=400, renamed=True),
    "mat": Target("mat", r"x\.mat", lambda folder, file: digest(read_mat(file, "LabelMap")), cases=350, renamed=True),
}  # fmt: skip
