"""How large an image may be predicted whole in the memory that is free."""

from __future__ import annotations

import os
from pathlib import Path

# Peak of a whole prediction, per pixel: MobileNetV2 took 200 bytes at output stride 16, Xception-65 466 and, the most
# of the family, ResNet-101 at stride 8 693, of which 168 for 21 classes.
NETWORK_BYTES, CLASS_BYTES = 600, 8
MEMINFO = Path("/proc/meminfo")
CONTAINER = Path("/sys/fs/cgroup")


def pixels_that_fit(classes: int) -> int:
    """How many pixels of one image can be predicted at once in half of the memory that is free."""
    return int(free_memory() / 2 / (NETWORK_BYTES + CLASS_BYTES * classes))


def free_memory(meminfo: Path = MEMINFO, container: Path = CONTAINER) -> int:
    """Bytes that a program may still take: of the machine, and of its container where that has a limit."""
    try:
        lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
        free = int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        # Not Linux: half of what is built in is a fair guess. Windows has no such call.
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 8 << 30
        free = pages // 2
    try:
        limit, used = ((container / name).read_text() for name in ("memory.max", "memory.current"))
        return free if limit.strip() == "max" else max(0, min(free, int(limit) - int(used)))
    except (OSError, ValueError):
        return free
