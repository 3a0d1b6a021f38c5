"""A video in, the same with its classes in colour out."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from deeplab_tf.files import replacing
from deeplab_tf.files.reading import shown
from deeplab_tf.inference.overlapped import overlapped
from deeplab_tf.inference.segmentation import Segmentation
from deeplab_tf.inference.segmenter import Segmenter
from deeplab_tf.progress import track

VIDEO_SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".avi", ".webm"})
# A file that holds fewer frames than this fraction of what it states has lost its end.
_WHOLE = 0.9


@dataclasses.dataclass(frozen=True)
class SegmentedVideo:
    """What `segment_video` did.

    Args:
        path: The video written.
        frames: Number of its frames.
        seconds: Time taken in seconds, reading and writing included.

    Example:
        >>> SegmentedVideo(Path("out.mp4"), frames=250, seconds=100).frames_per_second
        2.5
    """

    path: Path
    frames: int
    seconds: float

    @property
    def frames_per_second(self) -> float:
        """Frames written per second of the work."""
        return self.frames / self.seconds if self.seconds else 0.0


def segment_video(
    segmenter: Segmenter, source: str | os.PathLike, output: str | os.PathLike, *, alpha: float = 0.5
) -> SegmentedVideo:
    """Segments each frame of a video by itself and writes the overlays as a video, with the sound of the source.

    A few frames are in memory at a time, however long it is. It needs `pip install "deeplab-tf[video]"`, which brings
    its own ffmpeg.

    Args:
        segmenter: What predicts.
        source: A video that ffmpeg reads.
        output: The video to write, whose suffix says its format, such as `.mp4`; one that is there is replaced. Odd
            sides become a pixel longer, as colours are stored by twos.
        alpha: Weight of the colours, 0-1.

    Returns:
        The number of frames, and the time taken.

    Raises:
        FileNotFoundError: If there is no such file.
        ImportError: If the extra is not installed.
        ValueError: If the source is damaged or not a video, or the output cannot be written; the message names it.

    Example:
        >>> segment_video(Segmenter("model.keras"), "clip.mp4", "out.mp4").frames
        250
    """
    source, output = Path(source), Path(output)
    if not source.is_file():
        raise FileNotFoundError(f"There is no video {shown(source)}. Check the path.")
    if output.suffix.lower() not in VIDEO_SUFFIXES:
        raise ValueError(f"{shown(output)} is not a video's name; expected one of {', '.join(sorted(VIDEO_SUFFIXES))}.")
    if output.exists() and output.samefile(source):
        raise ValueError(f"{shown(output)} is the source and would be replaced. Give another name.")
    start = time.perf_counter()
    frames, about = _opened(source)
    total = round(about["fps"] * about["duration"]) or None
    count = 0

    def picture(_, result: Segmentation) -> np.ndarray:
        return result.overlay(alpha)

    with (
        contextlib.closing(frames),
        replacing(output, durable=False) as temporary,
        contextlib.closing(_encoder(temporary, about, source)) as encoder,
        contextlib.closing(overlapped(frames, lambda frame: frame, segmenter, picture)) as pictures,
    ):
        encoder.send(None)
        for _, outcome in track(pictures, total, "segment", "frame"):
            if isinstance(outcome, Exception):
                raise outcome
            try:
                encoder.send(np.ascontiguousarray(outcome))
            except OSError as error:
                raise ValueError(f"{shown(output)} cannot be written as a video: {_last_line(error)}.") from error
            count += 1
        if count < _WHOLE * (total or 1):
            raise _damaged(source, f"{count} of {total} frames could be read")
    return SegmentedVideo(output, count, time.perf_counter() - start)


def _opened(source: Path) -> tuple[Iterator[np.ndarray], dict]:
    """The frames of a video, uint8 `[H, W, 3]`, and what its header says."""
    raw = _ffmpeg().read_frames(str(source))
    try:
        about = next(raw)
        width, height = about["size"]
    # What ffmpeg says of the damage, or what the library misses in it.
    except (OSError, RuntimeError, KeyError, StopIteration) as error:
        raise _damaged(source, _last_line(error)) from error

    def frames() -> Iterator[np.ndarray]:
        try:
            for frame in raw:
                yield np.frombuffer(frame, np.uint8).reshape(height, width, 3)
        except (OSError, RuntimeError) as error:
            raise _damaged(source, _last_line(error)) from error
        finally:
            raw.close()

    return frames(), about


def _encoder(path: Path, about: dict, source: Path):
    sound = about.get("audio_codec")
    return _ffmpeg().write_frames(
        str(path),
        about["size"],
        fps=about["fps"],
        macro_block_size=2,
        ffmpeg_log_level="error",
        audio_path=str(source) if sound else None,
        # Others may not fit into the output's format.
        audio_codec="copy" if sound == "aac" else None,
    )


def _ffmpeg():
    try:
        import imageio_ffmpeg
    except ImportError as error:
        raise ImportError('Videos need imageio-ffmpeg: pip install "deeplab-tf[video]".') from error
    return imageio_ffmpeg


def _damaged(source: Path, why: str) -> ValueError:
    return ValueError(f"{shown(source)} cannot be read as a video: {why.rstrip('.')}. Replace it or convert it again.")


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
