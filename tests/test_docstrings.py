"""Public names are described, and their examples run, or say why not."""

import doctest
import inspect
import re
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import deeplab_tf
from deeplab_tf import datasets, progress, training
from deeplab_tf.files.writing import write_json
from deeplab_tf.interrupts import Interrupts
from harness.docstrings import described
from harness.public_names import own_methods, public_names
from harness.tiny_model import photo

PUBLIC = public_names("inference")
# What calls return: read, not made.
RESULTS = {
    "cost.Group", "cost.LayerCost", "cost.Place", "evaluation.CRFTrial", "evaluation.Uncertainty",
    "nas.SearchReport", "nas.SearchResult", "nas.SearchTrials", "nas.Trial", "training.TrainResult",
    "training.WorkerLost", "training.callbacks.Diverged",
    "weights.Kind", "weights.Network", "weights.Source", "weights.Transfer", "weights.ZooEntry",
}  # fmt: skip
DATA = "needs the data set"
RELEASED = "needs a released checkpoint"
NOT_RUN = {
    **{
        f"datasets.convert_{name}": DATA for name in ("ade20k", "camvid", "cityscapes", "coco", "pascal_context", "voc")
    },
    "datasets.convert_coco_export": "needs an export of 100 images",
    "datasets.convert_dataset": DATA,
    "datasets.convert_labelme": "needs 100 annotated images",
    "datasets.convert_stanford_background": DATA,
    "datasets.explain_data_error": "needs a damaged record",
    "datasets.inspect_dataset": DATA,
    "datasets.training_batches": "reads files of one's own",
    "inference.segment_video": "needs a video",
    "DeepLabV2.by_scale": "trains a network of 20 million weights",
    "nas.search": "searches for minutes",
    "nas.search_report": "reads two searches",
    "nas.search_trials": "searches ten times",
    "training.resume": "trains for 3000 steps",
    "training.train": "trains for 3000 steps",
    "weights.load_checkpoint": RELEASED,
    "weights.load_checkpoint_model": RELEASED,
}
# Read files of the release, which stand beside the checkout in CI.
SHARED = {"load_released", "transfer_weights", "weights.identify", "weights.read_released"}
# Run, but what they show belongs to the data set or the model that the example is about.
OTHER_FIGURES = {
    "datasets.ConversionReport", "datasets.DataSet", "datasets.Inspection", "datasets.batch_files",
    "datasets.count_classes", "datasets.evaluation_images", "datasets.open_dataset", "evaluation.BoundaryF1",
    "evaluation.BoundaryIoU", "evaluation.TrimapIoU", "evaluation.evaluate", "evaluation.evaluate_all",
    "inference.Segmentation", "metrics.MeanIoU", "metrics.TrimapIoU", "recalibrate_batch_norm",
    "training.callbacks.BestModel",
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLIC)
def test_what_is_public_is_described(name):
    value = PUBLIC[name]
    text = described(value)
    assert "\n\n" in text or text.endswith(".")
    if inspect.isclass(value):
        assert [name for name, member in own_methods(value).items() if not described(member)] == []


def test_each_has_an_example():
    without = {name for name in PUBLIC if "Example:" not in described(PUBLIC[name])}
    assert without - RESULTS == set()
    assert {name.removesuffix(".by_scale") for name in NOT_RUN} | OTHER_FIGURES | RESULTS <= set(PUBLIC)


def examples():
    """The examples of public names, and of their methods."""
    for name, value in PUBLIC.items():
        members = vars(value).items() if inspect.isclass(value) else ()
        for key, member in [(name, value), *((f"{name}.{part}", member) for part, member in members)]:
            data = isinstance(member, int | str | tuple)
            if not data and ">>>" in (getattr(member, "__doc__", None) or "") and not {name, key} & set(NOT_RUN):
                yield key, described(member)


@pytest.fixture(scope="module")
def world(tmp_path_factory, shared):
    """The files and the names that the examples take for given."""
    folder = tmp_path_factory.mktemp("world")
    for file in shared.glob("weights/*.tflite"):
        (folder / file.name).symlink_to(file)
    for part in ("images", "masks", "photos"):
        (folder / part).mkdir()
    for index in range(100):
        Image.fromarray(photo(20, 30)).save(folder / f"images/{index:03}.png")
        mask = (np.arange(600).reshape(20, 30) % 3).astype(np.uint8)
        Image.fromarray(mask).save(folder / f"masks/{index:03}.png")
        for ending, ids in ((".png", photo(20, 30)), ("_mask.png", mask % 2 * 255)):
            Image.fromarray(ids).save(folder / f"photos/{index:03}{ending}")
    Image.fromarray(photo(375, 500)).save(folder / "cat.jpg")
    for name in ("street.jpg", "street.png"):
        Image.fromarray(photo(20, 30) if name.endswith("jpg") else mask % 2).save(folder / name)
    report = datasets.convert_folder(
        folder / "images", folder / "masks", folder / "voc-tfrecords", class_names=classes(folder), val_share=0.2
    )
    shutil.copytree(report.path, folder / "release-tfrecords", ignore=shutil.ignore_patterns("*.json"))
    # The network of the fewest layers: what an example costs is building and tracing it.
    model = deeplab_tf.DeepLabV3(
        "vgg_16", labels="pascal_voc", output_stride=8, depth_multiplier=1 / 32, atrous_rates=(), crop_size=(65, 65)
    )
    for name in ("model", "first", "second"):
        deeplab_tf.save_model(model, folder / f"{name}.keras")
    (folder / "runs/voc").mkdir(parents=True)
    deeplab_tf.save_model(model, folder / "runs/voc/model.keras")
    (folder / "runs/voc/config.json").touch()
    return folder


def classes(folder):
    path = folder / "class_names.txt"
    path.write_text("\n".join(deeplab_tf.label_spec("pascal_voc").names))
    return path


@pytest.fixture(scope="module")
def compiled(world):
    """A model for all examples, which traces its training step once."""
    model = deeplab_tf.load_model(world / "model.keras")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255)
    model.compile("sgd", loss, jit_compile=False)
    return model


def given(world, compiled):
    """Names that examples use without saying where they come from; made where they are used."""
    data = world / "voc-tfrecords"
    return {
        "model": lambda: compiled,
        "segmenter": lambda: deeplab_tf.Segmenter(world / "model.keras"),
        "dataset": lambda: datasets.open_dataset(data),
        "images": lambda: datasets.evaluation_images(datasets.open_dataset(data), "val").take(2),
        # Training batches have no end, and `fit` would not either.
        "batches": lambda: datasets.training_batches(
            datasets.open_dataset(data), crop_size=(65, 65), batch_size=2
        ).take(1),
        "convert": lambda: Image.open,
        "paths": lambda: sorted((world / "images").iterdir()),
        "config": lambda: training.TrainConfig(data=str(data), output="runs/new", steps=2),
    }


class Checker(doctest.OutputChecker):
    """Where an example shows nothing, it may print what it likes."""

    def __init__(self, figures):
        self.figures = figures

    def check_output(self, want, got, optionflags):
        return not want or not self.figures or super().check_output(want, got, optionflags)


def test_none_is_skipped_by_itself():
    assert [key for key, text in examples() if "+SKIP" in text] == []
    assert set(PUBLIC) >= SHARED


def cases():
    for name, text in examples():
        yield pytest.param(name, text, id=name, marks=[pytest.mark.shared] if name in SHARED else [])


@pytest.mark.parametrize("name, text", cases())
def test_its_example_runs(name, text, world, compiled, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for entry in world.iterdir():
        (tmp_path / entry.name).symlink_to(entry)
    names = {
        "deeplab_tf": deeplab_tf, "keras": keras, "np": np, "tf": tf, "Path": Path, "write_json": write_json,
        "Interrupts": Interrupts,
        **{public.rsplit(".", 1)[-1]: value for public, value in PUBLIC.items()},
    }  # fmt: skip
    code = "".join(example.source for example in doctest.DocTestParser().get_examples(text))
    names |= {name: make() for name, make in given(world, compiled).items() if re.search(rf"\b{name}\b", code)}
    test = doctest.DocTestParser().get_doctest(text, names, name, None, 0)
    told = []
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    doctest.DocTestRunner(Checker(name not in OTHER_FIGURES), verbose=False, optionflags=flags).run(
        test, out=told.append
    )
    progress.show(None)
    assert not told, "".join(told)
