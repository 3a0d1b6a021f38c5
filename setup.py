import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = re.search(r'^__version__ = "(.+)"$', (HERE / "deeplab_tf/__init__.py").read_text(encoding="utf-8"), re.M)[1]
INSIDE = find_packages(include=["deeplab_tf", "deeplab_tf.*"])
BESIDE = find_packages(include=["datasets", "datasets.*", "export", "export.*"])

TFLITE = ["ai-edge-litert>=2.0.2"]
CRF = ["pydensecrf2>=1.1; python_version < '3.13'"]
MAT = ["scipy>=1.11.1"]
HEIC = ["pillow-heif>=0.18"]
# Brings its own ffmpeg.
VIDEO = ["imageio-ffmpeg>=0.5"]
COCO = ["pycocotools>=2.0.7"]
# tensorflow-datasets imports importlib_resources without asking for it.
TFDS = ["tensorflow-datasets>=4.9.6", "importlib-resources>=5"]
# The messages of TensorFlow Serving, small.
SERVING = ["tensorflow-serving-api>=2.18"]
# Many trials of a search on many machines.
TUNE = ["ray[tune]>=2.43"]
NOTEBOOKS = ["nbclient>=0.10", "nbformat>=5.10", "ipykernel>=6.29"]
RUFF = ["ruff>=0.13"]
# Ruff breaks the lines of long signatures.
DOCS = ["mkdocs>=1.6", "mkdocs-material>=9.6", "mkdocstrings-python>=2.0", *RUFF]
TEST = [
    "pytest>=8",
    "pytest-xdist>=3.6.1",
    "import-linter>=2.1",
    *RUFF,
    *TFLITE,
    *NOTEBOOKS,
    *MAT,
    *COCO,
    *TFDS,
    *VIDEO,
    *SERVING,
]
DEV = [*TEST, *DOCS, "basedpyright>=1.40.2", "keras-tuner>=1.4.7"]

setup(
    name="deeplab-tf",
    version=VERSION,
    description="The DeepLab family for semantic image segmentation, in TensorFlow 2 and Keras 3",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author="The deeplab-tf contributors",
    license="Apache-2.0",
    project_urls={
        # When the repository has an address, take the # away:
        # "Source": "https://github.com/OWNER/deeplab-tf",
        "Original release": "https://github.com/tensorflow/models/tree/master/research/deeplab",
        "Paper of DeepLabv3+": "https://arxiv.org/abs/1802.02611",
    },
    python_requires=">=3.10",
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "License :: OSI Approved :: Apache Software License",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Topic :: Scientific/Engineering :: Image Recognition",
        "Typing :: Typed",
    ],
    packages=[*INSIDE, *(f"deeplab_tf.{name}" for name in BESIDE)],
    package_data={"": ["*.pyi", "py.typed"], "deeplab_tf.export.browser": ["page/*"]},
    package_dir={
        "deeplab_tf": "deeplab_tf",
        "deeplab_tf.datasets": "datasets",
        "deeplab_tf.export": "export",
    },
    install_requires=[
        "tensorflow>=2.18",
        "keras>=3.8",
        "tensorboard>=2.18",
        "numpy>=1.26",
        "pillow>=10",
        "matplotlib>=3.8",
        "contourpy>=1.2",
        "click>=8.1",
        "tqdm>=4.66",
        "jinja2>=3.1",
        "lazy-loader>=0.4",
        "typing-extensions>=4.6",
    ],
    extras_require={
        "test": TEST,
        "dev": DEV,
        "docs": DOCS,
        "crf": CRF,
        "tflite": TFLITE,
        "notebooks": NOTEBOOKS,
        "mat": MAT,
        "coco": COCO,
        "heic": HEIC,
        "tfds": TFDS,
        "video": VIDEO,
        "tune": TUNE,
        "all": [*TFLITE, *CRF, *NOTEBOOKS, *MAT, *COCO, *HEIC, *TFDS, *VIDEO],
    },
    entry_points={"console_scripts": ["deeplab-tf = deeplab_tf.cli:main"]},
)
