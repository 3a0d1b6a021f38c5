"""A devkit with every kind of accident: the audit names each, with its file, and conversion keeps the others."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deeplab_tf.datasets import convert_voc, evaluation_images, inspect_dataset, open_dataset
from deeplab_tf.datasets.audit.findings import ERROR, KINDS, WARNING
from harness.damaged_voc import BAD, HEALTHY, KEPT, PAIRS, Damage, damage
from harness.voc_devkit import copy_devkit, draw_devkit


@pytest.fixture(scope="module")
def damaged(tmp_path_factory) -> Damage:
    return damage(draw_devkit(tmp_path_factory.mktemp("drawn") / "VOC2012", PAIRS))


def accused(root: Path, inspection) -> set[tuple[str, str]]:
    return {(found.kind, Path(found.file).relative_to(root).as_posix()) for found in inspection.findings if found.file}


def check_conversion(damaged: Damage, output: Path, split: str) -> None:
    report = convert_voc(damaged.root, split, output, skip_bad=True, workers=2)
    examples = list(evaluation_images(open_dataset(output), split).as_numpy_iterator())
    assert [example["filename"].decode() for example in examples] == damaged.good[split]
    assert len(report.skipped) == (len(BAD) if split == "train" else 0)
    for example, name in zip(examples, damaged.good[split]):
        ids = np.asarray(Image.open(damaged.root / "SegmentationClass" / f"{name}.png"))
        np.testing.assert_array_equal(example["label"], ids)


def test_there_are_twenty_kinds_of_accident_and_more():
    assert len(BAD) >= 20
    assert len(KEPT) >= 5
    due = {
        kind: severity
        for table, severity in ((BAD, ERROR), (KEPT, WARNING))
        for _, found in table.values()
        for kind, _ in found
    }
    assert {kind: KINDS[kind].severity for kind in due} == due


def test_every_accident_is_named_with_its_file_and_nothing_else_is(damaged):
    inspection = inspect_dataset(damaged.root, workers=2)
    assert accused(damaged.root, inspection) == damaged.findings
    assert inspection.splits == {"train": PAIRS, "val": 4}
    assert inspection.worst()[0][2] == ["missing_image", "missing_mask"]
    for found in inspection.findings:
        assert Path(found.file).name in found.detail or not found.file
        assert found.severity == ERROR or found.kind in {kind for _, due in KEPT.values() for kind, _ in due} | {
            "absent_class"
        }


def test_healthy_devkit_accuses_no_file(tmp_path):
    inspection = inspect_dataset(draw_devkit(tmp_path, train=HEALTHY), workers=1)
    assert {found.kind for found in inspection.findings} == {"absent_class"}
    assert not accused(tmp_path, inspection)


@pytest.mark.parametrize("split", ["train", "val"])
def test_conversion_keeps_exactly_the_good_pairs(damaged, tmp_path, split):
    check_conversion(damaged, tmp_path, split)


def test_conversion_refuses_them_unasked(damaged, tmp_path):
    with pytest.raises(ValueError, match=rf"{len(BAD)} of {PAIRS} pairs are bad: .*2007_000010\.jpg"):
        convert_voc(damaged.root, "train", tmp_path / "records", workers=2)
    assert not (tmp_path / "records").exists()


@pytest.mark.shared
def test_damaged_copy_of_real_images(shared, tmp_path):
    damaged = damage(copy_devkit(shared / "data" / "voc2012", tmp_path / "VOC2012", PAIRS))
    assert accused(damaged.root, inspect_dataset(damaged.root)) == damaged.findings
    check_conversion(damaged, tmp_path / "records", "train")
