"""LiteRT.js, which runs `.tflite` files in a browser: from a network of servers, or from a copy beside the page."""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path

VERSION = "2.5.3"
CDN = "https://cdn.jsdelivr.net"
CORE, UTILS = "@litertjs/core", "@litertjs/wasm-utils"
ENTRY = "dist/index.js"
# Of the builds the page takes the one with threads, that without, or that for browsers without relaxed SIMD.
BUILDS = ("litert_wasm_threaded_internal", "litert_wasm_internal", "litert_wasm_compat_internal")
FILES = (
    f"{CORE}/{ENTRY}",
    f"{UTILS}/{ENTRY}",
    *(f"{CORE}/wasm/{build}.{suffix}" for build in BUILDS for suffix in ("js", "wasm")),
)
COPY = "runtime"


@dataclasses.dataclass(frozen=True)
class Runtime:
    """Where a page finds LiteRT.js.

    Args:
        imports: By the name of a module, its address.
        wasm: Address of the folder of WebAssembly.
        origin: Of another server that the page may ask; empty where it asks none.
    """

    imports: dict[str, str]
    wasm: str
    origin: str = ""


def from_servers() -> Runtime:
    """The pinned version, from jsDelivr."""
    at = {name: f"{CDN}/npm/{name}@{VERSION}" for name in (CORE, UTILS)}
    return Runtime({name: f"{address}/{ENTRY}" for name, address in at.items()}, f"{at[CORE]}/wasm/", CDN)


def find_runtime(folder: str | os.PathLike) -> Path:
    """The folder of npm's packages in what `npm install @litertjs/core` made.

    Args:
        folder: `node_modules`, or the folder that holds it.

    Raises:
        ValueError: If a file of the runtime is missing; the message names it.
    """
    folder = Path(folder)
    root = next((root for root in (folder, folder / "node_modules") if (root / CORE).is_dir()), folder)
    missing = [name for name in FILES if not (root / name).is_file()]
    if missing:
        raise ValueError(
            f"{folder} does not hold LiteRT.js: {missing[0]} is not there. Give the node_modules that "
            f"'npm install {CORE}@{VERSION}' makes, or leave it out: the page then takes it from {CDN}."
        )
    return root


def copy_runtime(root: Path, page: Path) -> Runtime:
    """Copies what a page needs of the runtime beside it."""
    for name in FILES:
        to = page / COPY / name
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, to)
    return Runtime({name: f"./{COPY}/{name}/{ENTRY}" for name in (CORE, UTILS)}, f"./{COPY}/{CORE}/wasm/")
