"""A page for browsers in Chromium without a window, beside its `.tflite` file in the native interpreter.

    deeplab-tf export voc.keras --format browser --output page --runtime node_modules
    python benchmarks/browser.py page photos/*.jpg

The page's own milliseconds are taken, and those of the interpreter, in turn; and the labels of both are compared.
"""

import argparse
import re
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from PIL import Image

from deeplab_tf.export.browser import address, page_server
from deeplab_tf.images import read_image
from deeplab_tf.inference import open_predictor

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from harness.chromium import chromium


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=Path, help="folder that was exported")
    parser.add_argument("photos", type=Path, nargs="+")
    parser.add_argument("--repeat", type=int, default=5, help="times that each photo is segmented")
    parser.add_argument("--threads", type=int, help="of the native interpreter; one per core when left out")
    arguments = parser.parse_args()
    native = open_predictor(arguments.page / "model.tflite", threads=arguments.threads)
    with tempfile.TemporaryDirectory() as work, page_server(arguments.page) as server, chromium(Path(work)) as browser:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser.open(address(server))
        print(browser.text("#status") or browser.text("#problem"))
        print(f"{'photo':<24} {'size':>11} {'page':>9} {'network':>9} {'native':>9}  equal labels")
        for photo in arguments.photos:
            print(row(browser, native, photo, arguments.repeat), flush=True)


def row(browser, native, photo, repeat):
    image = read_image(photo)
    placed, _ = native.canvas.place(image)
    pages, networks, natives = [], [], []
    for _ in range(repeat):
        browser.choose("#file", photo)
        page, network = map(int, re.findall(r"\d+", browser.text("#timing")))
        pages.append(page)
        networks.append(network)
        start = time.perf_counter()
        native.run(placed)
        natives.append(1000 * (time.perf_counter() - start))
    equal = (np.asarray(Image.open(browser.saved("#mask"))) == native.predict(image)).mean()
    times = " ".join(f"{statistics.median(values):>6.0f} ms" for values in (pages, networks, natives))
    size = "{}x{}".format(*image.shape[:2])
    return f"{photo.name:<24} {size:>11} {times}  {equal:.4%}"


if __name__ == "__main__":
    main()
