"""The settings of every recipe, against the numbers of the papers and of the release."""

import inspect
import re
import shlex

import pytest

from deeplab_tf.cli.group import cli
from deeplab_tf.training import RECIPES, recipe

FOLDERS = {"data": "voc", "output": "run"}
# Papers: v1 section 4 and v2 table 2; v2 released solver; v3 section 4.1, weight decay of the release for ResNets.
VOC_513 = {"crop_size": 513, "train_split": "train_aug", "steps": 30_000, "batch_size": 16, "learning_rate": 0.007}
# TF1's form of momentum, and the gradients of biases doubled, in whatever the release trains.
RELEASE = {"optimizer": "momentum", "momentum": 0.9, "optimizer_settings": {"multipliers": {"biases": 2}}}
VOC_513 |= RELEASE
# Caffe's form of momentum, which is Keras's.
CAFFE = {"optimizer": "sgd", "optimizer_settings": {"multipliers": {"logits": 10, "biases": 2}}}
PUBLISHED = {
    "v1_large_fov": {
        **CAFFE, "schedule": "step", "schedule_settings": {"every": 2000, "factor": 0.1},
        "model": "v1", "network": {"variant": "large_fov"}, "crop_size": 321, "batch_size": 20, "learning_rate": 1e-3,
        "momentum": 0.9, "weight_decay": 5e-4, "steps": 6000, "min_scale": 1, "max_scale": 1, "flip": True,
        "train_split": "train_aug",
    },
    "v2_resnet_101": {
        **CAFFE, "schedule": "poly",
        "model": "v2", "backbone": "resnet_101_v2", "atrous_rates": (6, 12, 18, 24), "network": {"multi_scale": True},
        "crop_size": 321, "batch_size": 10, "learning_rate": 2.5e-4, "power": 0.9, "steps": 20_000, "momentum": 0.9,
        "weight_decay": 5e-4, "min_scale": 0.5, "max_scale": 1.5, "batch_norm": "frozen", "output_stride": 8,
        "train_split": "train_aug",
    },
    "v3_voc_stage_1": {
        **VOC_513, "model": "v3", "backbone": "resnet_101_beta", "network": {"multi_grid": [1, 2, 4]},
        "output_stride": 16, "atrous_rates": (6, 12, 18), "batch_norm": "train", "weight_decay": 1e-4, "power": 0.9,
        "min_scale": 0.5, "max_scale": 2.0, "scale_step": 0.25, "flip": True,
    },
    "v3plus_voc": {
        **VOC_513, "model": "v3plus", "backbone": "xception_65", "output_stride": 16, "atrous_rates": (6, 12, 18),
        "network": {"decoder_strides": [4]}, "weight_decay": 4e-5, "momentum": 0.9, "power": 0.9,
        "batch_norm": "train",
    },
    "v3plus_cityscapes": {
        **RELEASE, "backbone": "xception_65", "crop_size": 769, "steps": 90_000, "output_stride": 16,
        "atrous_rates": (6, 12, 18), "batch_norm": "train",
    },
    "v3plus_ade20k": {
        **RELEASE, "backbone": "xception_65", "crop_size": 513, "steps": 150_000, "output_stride": 16, "max_side": 513,
        "atrous_rates": (6, 12, 18),
    },
    "mobilenet_v2_voc": {
        **VOC_513, "model": "v3", "backbone": "mobilenet_v2", "output_stride": 16, "atrous_rates": (),
        "weight_decay": 4e-5,
    },
    "mobilenet_v3_cityscapes": {
        "model": "lr_aspp", "backbone": "mobilenet_v3_large", "output_stride": 32, "crop_size": 769, "weights": None,
    },
    "auto_deeplab_cityscapes": {
        "model": "auto_deeplab", "network": {"genotype": "auto_deeplab", "base_filters": 20}, "crop_size": 769,
        "learning_rate": 0.05, "steps": 1_500_000, "weights": None, "batch_norm": "train", "power": 0.9,
        "schedule": "poly",
    },
}  # fmt: skip
STAGE_2 = {
    "output_stride": 8, "atrous_rates": (12, 24, 36), "batch_norm": "frozen", "learning_rate": 1e-3, "steps": 30_000,
    "train_split": "trainval", "network": {"multi_grid": [1, 2, 4]}, "crop_size": 513,
}  # fmt: skip


def values(config, names):
    flat = config.flat()
    return {name: flat[name] for name in names}


@pytest.mark.parametrize("name", PUBLISHED)
def test_numbers(name):
    assert values(recipe(name, **FOLDERS), PUBLISHED[name]) == PUBLISHED[name]


def test_both_stages_of_v3():
    first, second = recipe("v3_voc", **FOLDERS)
    expected = PUBLISHED["v3_voc_stage_1"]
    assert values(first, expected) == expected
    assert values(second, STAGE_2) == STAGE_2
    assert (first.output, second.output, second.weights) == ("run/stage-1", "run/stage-2", "run/stage-1")
    alone = recipe("v3_voc_stage_2", **FOLDERS, weights="run/stage-1")
    assert alone.replace(output=second.output, recipe="v3_voc") == second


@pytest.mark.parametrize("name, rate", [("v2_resnet_101", 2.5e-4), ("v3plus_voc", 1e-4), ("mobilenet_v2_voc", 1e-4)])
def test_coco_comes_before_voc(name, rate):
    alone = recipe(name, **FOLDERS)
    coco, voc = recipe(name, {"coco": "coco-voc"}, **FOLDERS)
    assert coco == alone.replace(data="coco-voc", train_split="train", output="run/stage-1")
    assert voc == alone.replace(weights="run/stage-1", learning_rate=rate, output="run/stage-2")


def test_v3_after_coco_has_three_stages():
    data = [config.data.folder for config in recipe("v3_voc", {"coco": "coco-voc"}, **FOLDERS)]
    assert data == ["coco-voc", "voc", "voc"]


@pytest.mark.parametrize("name", RECIPES)
def test_its_text_has_commands_that_parse_and_what_to_expect(name):
    text = inspect.getdoc(RECIPES[name])
    assert "Time and result:" in text
    commands = re.findall(r"^  deeplab-tf (.*)$", text, re.M)
    assert any(f"--recipe {name} " in command for command in commands)
    for command in commands:
        word, *arguments = shlex.split(command)
        cli.commands[word].make_context(word, arguments)


def test_every_public_recipe_that_has_numbers_is_compared():
    others = {"few_images_cpu", "few_images_gpu", "camvid_cpu", "v3_voc", "v3_voc_stage_2"}
    assert PUBLISHED.keys() | others == RECIPES.keys()
