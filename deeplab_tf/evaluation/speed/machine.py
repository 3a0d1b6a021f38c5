"""What times depend on besides the network: processor, instruction sets, threads, versions."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import os
import platform
from pathlib import Path

import tensorflow as tf

from deeplab_tf.checks import whole
from deeplab_tf.lazy import KERNELS

# Those for which the kernels of TensorFlow and XNNPACK have code of their own, by their names on x86 and on ARM.
INSTRUCTION_SETS = (
    "fma", "avx", "avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16",
    "asimd", "asimddp", "asimdhp", "i8mm", "bf16", "sve", "sve2",
)  # fmt: skip
CPUINFO = Path("/proc/cpuinfo")
UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True)
class Machine:
    """What runs the networks.

    Args:
        processor: Its name.
        instruction_sets: Those of `INSTRUCTION_SETS` that it has; none where the system does not say.
        devices: GPUs and other accelerators that TensorFlow uses.
        threads: Of the processor, for each network.
        versions: By name of the library.
        onednn: The value of `TF_ENABLE_ONEDNN_OPTS`, or `"unset"`.
    """

    processor: str
    instruction_sets: tuple[str, ...]
    devices: tuple[str, ...]
    threads: int
    versions: dict[str, str]
    onednn: str

    def __str__(self) -> str:
        devices = f"{', '.join(self.devices)}; " if self.devices else ""
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        return (
            f"{devices}{self.processor} ({' '.join(self.instruction_sets) or 'instruction sets unknown'}), "
            f"threads: {self.threads}, {versions}, {KERNELS}={self.onednn}"
        )


def this_machine(threads: int) -> Machine:
    """This one, with so many threads in use."""
    name, flags = _processor(CPUINFO)
    found = [(device.device_type, tf.config.experimental.get_device_details(device)) for device in _accelerators()]
    return Machine(
        name,
        tuple(one for one in INSTRUCTION_SETS if one in flags),
        tuple(details.get("device_name", kind) for kind, details in found),
        threads,
        {"TensorFlow": tf.__version__, "LiteRT": _version("ai-edge-litert")},
        os.environ.get(KERNELS, "unset"),
    )


def use_threads(threads: int | None) -> int:
    """Limits TensorFlow to so many threads for one operation and for operations side by side.

    Args:
        threads: How many; None leaves all as it is.

    Returns:
        How many threads a network has.

    Raises:
        ValueError: If it is not a number of threads, or TensorFlow has started with another one.
    """
    if threads is None:
        return tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count() or 1
    whole("threads", threads, remedy="It is the number of threads for each network.")
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    except RuntimeError as error:
        raise ValueError(
            f"TensorFlow has already started with another number of threads than {threads}. Leave threads out, or "
            "measure in a new process, before anything else uses TensorFlow."
        ) from error
    return threads


def _accelerators() -> list:
    return [device for device in tf.config.list_physical_devices() if device.device_type != "CPU"]


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "of TensorFlow"


def _processor(cpuinfo: Path) -> tuple[str, set[str]]:
    """Name and flags, as Linux tells them."""
    try:
        text = cpuinfo.read_text()
    except OSError:
        return platform.processor() or platform.machine() or UNKNOWN, set()
    lines = [line.partition(":") for line in text.split("\n\n", 1)[0].splitlines()]
    fields = {name.strip().lower(): value.strip() for name, _, value in lines}
    # ARM's has the name, where there is one, in another paragraph.
    named = fields.get("model name") or fields.get("model") or platform.machine() or UNKNOWN
    return named, set(fields.get("flags", fields.get("features", "")).split())
