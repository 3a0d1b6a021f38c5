"""A real browser without a window, spoken to by its DevTools protocol over two pipes: no driver, no package."""

import base64
import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FOUND = next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    # A picture that moves, and no question whether it may be used.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--remote-debugging-pipe",
)
PATIENCE = 120


@contextlib.contextmanager
def chromium(folder: Path):
    """A `Browser` whose profile and downloads lie in `folder`."""
    (to_browser, write), (read, from_browser) = os.pipe(), os.pipe()

    def give_pipes():
        # The protocol's numbers, which may be those of the pipes themselves.
        high = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (to_browser, from_browser)]
        for end, number in zip(high, (3, 4)):
            os.dup2(end, number)

    command = [FOUND, *FLAGS, f"--user-data-dir={folder / 'profile'}", "about:blank"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, preexec_fn=give_pipes, close_fds=False, start_new_session=True, **quiet)
    os.close(to_browser)
    os.close(from_browser)
    with os.fdopen(write, "wb", 0) as taken, os.fdopen(read, "rb") as given:
        try:
            yield Browser(taken, given, folder / "downloads")
        finally:
            process.kill()
            process.wait()


class Browser:
    """One page of a browser.

    Attributes:
        events: What the browser reported so far, by method and parameters.
    """

    def __init__(self, taken, given, downloads: Path):
        self._taken, self._given, self._count, self._session = taken, given, 0, None
        self.events, self._downloads = [], downloads
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            self.call(f"{domain}.enable")
        saving = {"behavior": "allowAndName", "downloadPath": str(downloads), "eventsEnabled": True}
        self.call("Browser.setDownloadBehavior", **saving)

    def call(self, method: str, **parameters):
        """One command of the protocol and its answer."""
        self._count += 1
        session = {"sessionId": self._session} if self._session else {}
        message = {"id": self._count, "method": method, "params": parameters, **session}
        self._taken.write(json.dumps(message).encode() + b"\0")
        while (answer := self._read()).get("id") != self._count:
            self.events.append((answer.get("method"), answer.get("params", {})))
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def _read(self) -> dict:
        message = bytearray()
        while (byte := self._given.read(1)) != b"\0":
            if not byte:
                raise RuntimeError("The browser ended.")
            message += byte
        return json.loads(message)

    def value(self, script: str):
        """What an expression of the page gives, waited for."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def text(self, selector: str) -> str:
        return self.value(f"document.querySelector({json.dumps(selector)}).innerText")

    def wait_for(self, script: str) -> None:
        """Until an expression of the page is true."""
        end = time.monotonic() + PATIENCE
        while not self.value(script):
            assert time.monotonic() < end, f"{script} did not become true: {self.value('document.body.innerText')}"
            time.sleep(0.02)

    def open(self, url: str) -> None:
        """Opens a page, or opens it again, and waits until it is no longer busy."""
        for one in ("about:blank", url):
            self.call("Page.navigate", url=one)
            self.wait_for(f"document.readyState === 'complete' && location.href === {json.dumps(one)}")
        self.idle()

    def idle(self) -> None:
        self.wait_for("document.querySelector('main').ariaBusy === 'false'")

    def choose(self, selector: str, file: Path) -> None:
        """Gives a file to a field for files and waits until the page has dealt with it."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(file)])
        self.idle()

    def press(self, key: str, code: int, text: str = "") -> None:
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, text=text)

    def saved(self, selector: str) -> Path:
        """The file that a click on a button saves."""
        before = len(self.events)
        self.value(f"document.querySelector({json.dumps(selector)}).click()")
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            # A command, for the events that come with its answer.
            self.value("0")
            for method, about in self.events[before:]:
                if method == "Browser.downloadProgress" and about["state"] == "completed":
                    return self._downloads / about["guid"]
            time.sleep(0.02)
        raise AssertionError(f"{selector} saved nothing")

    def resize(self, width: int, height: int, **more) -> None:
        """The page at another size, as on a phone."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False, **more}
        self.call("Emulation.setDeviceMetricsOverride", **size)

    def screenshot(self, file: Path) -> None:
        file.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]))
