"""The page in a real browser: what a visitor does, and the same labels as from the file itself."""

import shutil
import subprocess
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from PIL import Image

from deeplab_tf import Segmenter
from deeplab_tf.export.browser import address, page_server, write_page
from deeplab_tf.export.browser import runtime as runtime_module
from deeplab_tf.export.browser.runtime import CORE, VERSION, find_runtime
from deeplab_tf.export.parity import synthetic_images
from deeplab_tf.images import write_image
from harness import chromium
from harness.small_tflite import OUTPUTS, small_tflite

pytestmark = pytest.mark.skipif(chromium.FOUND is None, reason=f"none of {', '.join(chromium.NAMES)} is installed")
# Those that fit, and those that are scaled down: also in several strips, and to a single column.
FITTING, LARGE = [(65, 65), (40, 61), (5, 7)], [(97, 130), (1300, 900), (500, 3)]
TAB, ENTER = ("Tab", 9), ("Enter", 13, "\r")


@pytest.fixture(scope="session")
def runtime(tmp_path_factory):
    """LiteRT.js from npm, or npm's cache."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed, from which LiteRT.js comes")
    folder = tmp_path_factory.mktemp("npm")
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=0"]
    command = [npm, "install", *quiet, "--prefix", str(folder), f"{CORE}@{VERSION}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        pytest.skip(f"npm does not give LiteRT.js: {done.stderr[-200:]}")
    return find_runtime(folder)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium.chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for size in (*FITTING, *LARGE):
        write_image(folder / "{}x{}.png".format(*size), synthetic_images(*size)[0])
    (folder / "notes.txt").write_text("no image")
    return folder


@pytest.fixture
def served(tmp_path):
    """A function that serves a folder of the name `page` and gives its address."""
    with page_server(tmp_path / "page") as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield address(server)
        server.shutdown()


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return small_tflite(tmp_path_factory.mktemp("lite") / "logits.tflite")


@pytest.fixture
def page(file, runtime, served, tmp_path, photos, browser):
    """The page of a file of logits, opened."""
    open_page(browser, served, tmp_path / "page", file, runtime, photos / "65x65.png")
    assert browser.text("#problem") == ""
    return browser


def open_page(browser, url, folder, file, runtime, sample=None):
    folder.mkdir()
    write_page(folder, file, runtime, sample)
    browser.open(url)


def mask(browser):
    return np.asarray(Image.open(browser.saved("#mask")))


@pytest.mark.parametrize("kind", OUTPUTS)
def test_labels_are_those_of_the_file(file, runtime, served, tmp_path, photos, browser, kind):
    own = small_tflite(tmp_path / "model.tflite", kind)
    open_page(browser, served, tmp_path / "page", own, runtime)
    assert browser.value("crossOriginIsolated")
    # All hold one network; from labels alone less is known.
    segmenter = Segmenter(own if kind == "labels" else file)
    for size in (*FITTING, *LARGE):
        photo = photos / "{}x{}.png".format(*size)
        browser.choose("#file", photo)
        found, expected = mask(browser), segmenter(photo).labels
        assert found.shape == size
        assert len(np.unique(expected)) > 1
        # In what is scaled down, a grey level between two whole ones may be rounded to either.
        assert (found != expected).sum() <= (0 if size in FITTING else 0.001 * found.size), size


def test_what_a_visitor_sees(page, file, photos):
    photo = photos / "97x130.png"
    result = Segmenter(file)(photo)
    page.choose("#file", photo)
    rows = [row.split("\n") for row in page.value("[...document.querySelectorAll('#legend li')].map(e => e.innerText)")]
    assert [name for name, _ in rows] == list(result.classes)
    for (_, share), expected in zip(rows, result.classes.values()):
        assert float(share.removesuffix("%")) == pytest.approx(100 * expected, abs=0.1)
    assert page.text("#status").startswith(f"Found {rows[0][0]} ")
    assert "ms of them" in page.text("#timing")
    saved = Image.open(page.saved("#overlay"))
    assert saved.size == (130, 97)
    page.value("const o = document.querySelector('#opacity'); o.value = 0; o.dispatchEvent(new Event('input'))")
    shown = np.asarray(Image.open(page.saved("#overlay")).convert("RGB"))
    assert (shown == np.asarray(Image.open(photo))).all()
    # On a phone nothing is wider than the screen.
    page.resize(390, 844, mobile=True)
    assert page.value("document.documentElement.scrollWidth") == 390


def test_by_keyboard_and_by_ear(page):
    assert heard(page) >= {("button", "Choose a photo"), ("button", "Use the camera"), ("button", "Try the sample")}
    order = []
    for _ in range(3):
        page.press(*TAB)
        order.append(page.value("document.activeElement.id"))
    assert order == ["file", "camera", "sample"]
    page.press(*ENTER)
    page.wait_for("document.querySelector('#status').innerText.startsWith('Found')")
    after = heard(page)
    assert after >= {("slider", "Colours"), ("button", "Save the mask"), ("button", "Save the picture")}
    assert any(role == "image" and name.startswith("Picture with its classes coloured: ") for role, name in after)


def heard(page):
    """The roles and names that a screen reader has."""
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    return {tuple(node.get(key, {}).get("value", "") for key in ("role", "name")) for node in nodes}


def test_camera_until_it_is_stopped(page):
    page.value("document.querySelector('#camera').click()")
    page.wait_for("document.querySelector('#timing').innerText")
    first = page.value("document.querySelector('#picture').toDataURL()")
    page.wait_for(f"document.querySelector('#picture').toDataURL() !== {first!r}")
    assert page.text("#camera") == "Stop the camera"
    page.value("document.querySelector('#camera').click()")
    assert page.text("#camera") == "Use the camera"
    assert mask(page).shape[0] >= 240


def test_what_goes_wrong_is_said_in_words(page, photos, tmp_path):
    page.choose("#file", photos / "notes.txt")
    assert "notes.txt is not an image that this browser can read" in page.text("#problem")
    page.choose("#file", photos / "65x65.png")
    assert page.text("#problem") == ""
    folder = tmp_path / "page"
    (folder / "model.tflite").write_bytes(b"half a model" * 1000)
    page.open(page.value("location.href"))
    assert "is damaged or not an export of deeplab-tf" in page.text("#problem")
    (folder / "model.tflite").unlink()
    page.open(page.value("location.href"))
    assert "is not beside this page (the server answers 404)" in page.text("#problem")


@pytest.fixture
def cdn(runtime, monkeypatch):
    """A server that gives LiteRT.js to pages from elsewhere, as jsDelivr does, in its place."""

    class Handler(SimpleHTTPRequestHandler):
        def translate_path(self, path):
            return str(runtime / path.removeprefix("/npm/").replace(f"@{VERSION}", ""))

        def end_headers(self):
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Cross-Origin-Resource-Policy", "cross-origin")
            super().end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        monkeypatch.setattr(runtime_module, "CDN", f"http://127.0.0.1:{server.server_port}")
        yield
        server.shutdown()


def test_runtime_from_elsewhere(file, cdn, served, tmp_path, photos, browser):
    open_page(browser, served, tmp_path / "page", file, None)
    assert browser.text("#problem") == ""
    # Threads too, whose script may not come from elsewhere.
    assert "one thread" not in browser.text("#status")
    browser.choose("#file", photos / "40x61.png")
    assert (mask(browser) == Segmenter(file)(photos / "40x61.png").labels).all()


def test_without_the_runtime(file, served, tmp_path, browser):
    browser.call("Network.setBlockedURLs", urls=["*jsdelivr*"])
    open_page(browser, served, tmp_path / "page", file, None)
    assert "LiteRT.js, which runs the model, could not be loaded from cdn.jsdelivr.net" in browser.text("#problem")
    assert browser.value("document.querySelector('#file').disabled")
