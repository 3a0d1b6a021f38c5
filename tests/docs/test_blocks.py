"""Every block of code on a page is run, or says why not.

Python is run page by page. Of each `deeplab-tf` command the arguments are parsed; it is run as well, except those of
`LONG` and those that name a file of `ABSENT`.
"""

import ast
import json
import re
import shlex
import shutil

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from deeplab_tf import datasets
from deeplab_tf.cli import main
from deeplab_tf.models import save_model
from harness.labelme_files import box, write
from harness.pages import TEXTS, blocks, find_command, resolves, without_blocks
from harness.tiny_model import photo, tiny_model

BLOCKS = {page: blocks(text) for page, text in TEXTS.items()}
PYTHON = {page: found for page in TEXTS if (found := [block for block in BLOCKS[page] if block.language == "python"])}
ROW = "a row of a table"
# Each of them runs every block.
HAVE_TESTS = ("docs/training_with_keras.md", "docs/serving.md", "docs/tuning.md")
MODULES = ("deeplab_tf", "datasets", "evaluation", "export", "training")
# Why commands are not run here.
LONG = {
    "train": "minutes", "search": "minutes", "demo": "minutes", "crf-search": "minutes",
    "search-report": "needs searches",
    "export": "10 s each; tests/cli/test_export.py", "benchmark": "times its files; tests/cli/test_benchmark.py",
    "try": "serves until it is stopped", "import": "a released file",
}  # fmt: skip
ABSENT = (
    "VOCdevkit/VOC2012", "VOC2012/JPEGImages", "CamVid", "leftImg8bit", "labels.json", "clip.mp4", "found.json",
    "model.ckpt", "crf/best.json", "_mask",
    # These take long: a large network, twelve passes.
    "v3plus:xception_65", "0.5,0.75,1,1.25,1.5,1.75",
)  # fmt: skip
PROGRAMS = {
    "pip": "installs", "npm": "installs", "git": "downloads", "pre-commit": "installs", "source": "an environment",
    "python": "a script of benchmarks/, the client of a server, or an environment", "labelme": "a window",
    "tensorboard": "a server", "docker": "a server", "mkdocs": "tests/docs/test_site.py", "pytest": "all tests",
    "export": "a variable", "cd": "a folder", "mkdir": "files of labelme", "cp": "files of labelme",
}  # fmt: skip


def commands(code):
    """The words of each command, without comments."""
    lines = code.replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]


SHOWN = {
    page: [words[1:] for block in found if block.language == "bash" and not block.reason
           for words in commands(block.code) if words[0] == "deeplab-tf" and "..." not in words]
    for page, found in BLOCKS.items()
}  # fmt: skip


def runs(words):
    if {"--help", "--print-config"}.intersection(words):
        return True
    return words[0] not in LONG and not any(name in word for name in ABSENT for word in words)


RUN, _seen = {}, []
for page, found in SHOWN.items():
    RUN[page] = [words for words in found if runs(words) and words not in _seen]
    _seen += RUN[page]


@pytest.mark.parametrize("page", TEXTS)
def test_every_block_says_what_it_is(page):
    """Code that is not in a fence, or of a language that nothing checks, would be missed by the other tests."""
    assert re.findall(r"^    (?:deeplab-tf|python|pip|import|from) .*", without_blocks(TEXTS[page]), re.MULTILINE) == []
    for reason, language, code in BLOCKS[page]:
        if language == "json":
            json.loads(code)
        elif language == "bash" and not reason:
            assert {words[0] for words in commands(code)} <= {"deeplab-tf", *PROGRAMS}
        else:
            assert reason or language in ("python", "text", "bash"), code


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What the pages call photos, masks, mine, voc.keras and so on."""
    folder = tmp_path_factory.mktemp("pages")
    for name in ("photos", "masks", "runs/mine"):
        (folder / name).mkdir(parents=True)
    for index in range(4):
        Image.fromarray(photo(40, 60)).save(folder / f"photos/{index}.jpg")
        mask = np.arange(40 * 60).reshape(40, 60) % 3
        Image.fromarray(mask.astype(np.uint8)).save(folder / f"masks/{index}.png")
    for name in ("mine", "voc-tfrecords"):
        datasets.convert_folder(folder / "photos", folder / "masks", folder / name, val_share=0.25)
    save_model(tiny_model(backbone="resnet_18", classes=3), folder / "voc.keras")
    return folder


@pytest.fixture
def step_by_step():
    """Tracing networks takes several times as long as they do."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def filled_folder(folder, tmp_path):
    """A copy, with what commands take beside it."""
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    for name in ("names.txt", "labels.txt"):
        (tmp_path / name).write_text("_background_\nroad\nsidewalk\n")
    for name in ("before", "after", "stranger", "aerial", "runs/mine/model", "runs/first/model"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(tmp_path / "voc.keras", tmp_path / f"{name}.keras")
    for name in ("photo.jpg", "new.jpg", "photo.tif", "survey.tif"):
        Image.fromarray(photo(40, 60)).save(tmp_path / name)
    for name in ("records", "voc"):
        shutil.copytree(tmp_path / "mine", tmp_path / name)
    shutil.copytree(tmp_path / "photos", tmp_path / "images")
    shutil.copytree(tmp_path / "photos", tmp_path / "next")
    size = {"imageHeight": 40, "imageWidth": 60}
    for index in range(6):
        write(tmp_path / "labelled", str(index), [box("road", 5, 5, 30, 30)], image=photo(40, 60), **size)
    for index in range(3):
        names = {"imagePath": f"{index}.jpg", **size}
        write(tmp_path / "photos", str(index), [box("road", 5, 5, 30, 30)], image=None, **names)
    return tmp_path


@pytest.mark.parametrize("page", [page for page in PYTHON if page not in HAVE_TESTS])
def test_its_code_runs(page, folder, monkeypatch):
    monkeypatch.chdir(folder)
    names, bound = {}, set()
    for reason, _, code in PYTHON[page]:
        if reason == ROW or (reason or "").startswith("needs "):
            continue
        body = ast.parse(code).body
        imports = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
        run = ast.Module(imports if reason else body, [])
        exec(compile(run, page, "exec"), names)
        assigned = [node for node in run.body if isinstance(node, ast.Assign)]
        bound |= {target.id for node in assigned for target in node.targets if isinstance(target, ast.Name)}
        bound |= {alias.asname or alias.name.partition(".")[0] for node in imports for alias in node.names}
    assert bound <= names.keys()


@pytest.mark.parametrize("page", PYTHON)
def test_what_its_code_calls_exists(page):
    code = "".join(block.code for block in PYTHON[page] if block.reason != ROW)
    called = [
        f"{'' if node.value.id == 'deeplab_tf' else 'deeplab_tf.'}{node.value.id}:{node.attr}"
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in MODULES
    ]
    assert [name for name in called if not resolves(name)] == []


@pytest.mark.parametrize("page", [page for page in SHOWN if SHOWN[page]])
def test_its_commands_are_understood(page):
    for words in SHOWN[page]:
        command, arguments = find_command(words)
        context = command.make_context(command.name, arguments, resilient_parsing="--help" in words)
        assert context.params.keys() >= {option.name for option in command.params if option.expose_value}


@pytest.mark.parametrize("page", [page for page in RUN if RUN[page]])
def test_its_commands_run(page, filled_folder, step_by_step, monkeypatch, capsys):
    monkeypatch.chdir(filled_folder)
    for words in RUN[page]:
        if words[0] == "convert":
            # What is there is not replaced, and is what the next command takes.
            words = [*words, "--output", f"converted-{len(list(filled_folder.iterdir()))}"]
        assert main(words) == 0, (words, capsys.readouterr().err)
