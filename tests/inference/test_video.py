import subprocess

import numpy as np
import pytest

from deeplab_tf.cli import main
from deeplab_tf.inference import Segmenter
from deeplab_tf.inference.video import segment_video
from deeplab_tf.labels import LabelSpec

ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="the extra video is not installed")


class Bright:
    """Calls what is bright a lamp."""

    source, labels = "bright", LabelSpec(("background", "lamp"), ((0, 0, 0), (255, 0, 0)))
    probabilities = None

    def predict(self, image):
        return (image[..., 0] > 127).astype(np.int32)


@pytest.fixture
def clip(tmp_path):
    """Two seconds with a tone: a white square on black that moves to the right, 2 pixels a frame."""
    path = tmp_path / "clip.mp4"
    silent = tmp_path / "silent.mp4"
    writer = ffmpeg.write_frames(str(silent), (96, 64), fps=10, macro_block_size=2)
    writer.send(None)
    for number in range(20):
        frame = np.zeros((64, 96, 3), np.uint8)
        frame[16:48, 2 * number + 8 : 2 * number + 40] = 255
        writer.send(frame)
    writer.close()
    sound = ["-f", "lavfi", "-i", "sine=duration=2", "-c:v", "copy", "-c:a", "aac", str(path)]
    subprocess.run([ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(silent), *sound], check=True)
    return path


def read(path):
    frames = ffmpeg.read_frames(str(path))
    about = next(frames)
    size = about["size"][::-1]
    return about, np.stack([np.frombuffer(frame, np.uint8).reshape(*size, 3) for frame in frames])


def test_every_frame_is_coloured_in_its_place_and_the_sound_is_kept(clip, tmp_path):
    done = segment_video(Segmenter(Bright()), clip, tmp_path / "out.mp4", alpha=1)
    about, frames = read(done.path)
    assert (about["source_size"], about["fps"], about["audio_codec"]) == ((96, 64), 10, "aac")
    assert (done.frames, len(frames)) == (20, 20)
    assert done.frames_per_second > 0
    for number, frame in enumerate(frames.astype(int)):
        # Far from the contour; compression changes colours a little.
        red = np.argwhere((frame[..., 0] > 200) & (frame[..., 1] < 60) & (frame[..., 2] < 60))
        assert red[:, 1].mean() == pytest.approx(2 * number + 23.5, abs=1.5)


def test_odd_sides_become_a_pixel_longer(tmp_path):
    path = tmp_path / "odd.mkv"
    source = ["-f", "lavfi", "-i", "testsrc=size=97x65:rate=5:duration=1", "-c:v", "ffv1", str(path)]
    subprocess.run([ffmpeg.get_ffmpeg_exe(), "-v", "error", *source], check=True)
    about, frames = read(segment_video(Segmenter(Bright()), path, tmp_path / "out.mp4").path)
    assert about["source_size"] == (98, 66)
    assert not about.get("audio_codec")
    assert len(frames) == 5


def test_damaged_videos_are_named(clip, tmp_path):
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(ValueError, match=r"text\.mp4 cannot be read as a video: .*Invalid data"):
        segment_video(Segmenter(Bright()), tmp_path / "text.mp4", tmp_path / "out.mp4")
    # A container that plays as far as it goes.
    whole = tmp_path / "whole.mkv"
    subprocess.run([ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(clip), "-c", "copy", str(whole)], check=True)
    data = whole.read_bytes()
    (tmp_path / "cut.mkv").write_bytes(data[: len(data) // 2])
    with pytest.raises(ValueError, match=r"cut\.mkv cannot be read as a video: \d+ of 20 frames"):
        segment_video(Segmenter(Bright()), tmp_path / "cut.mkv", tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()


def test_wrong_inputs(clip, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no video .*gone\.mp4"):
        segment_video(Segmenter(Bright()), tmp_path / "gone.mp4", tmp_path / "out.mp4")
    with pytest.raises(ValueError, match=r"out\.jpg is not a video's name"):
        segment_video(Segmenter(Bright()), clip, tmp_path / "out.jpg")
    with pytest.raises(ValueError, match="is the source"):
        segment_video(Segmenter(Bright()), clip, clip)


def test_command(clip, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("deeplab_tf.inference.segmenter.open_predictor", lambda *a, **k: Bright())
    assert main(["segment", "mine.keras", str(clip), "--output", str(tmp_path / "out.mp4")]) == 0
    assert capsys.readouterr().out.startswith(f"20 frames in {tmp_path / 'out.mp4'}, ")
    assert main(["segment", "mine.keras", str(clip), "--labelme", str(tmp_path)]) == 2
    assert "a video takes --output" in capsys.readouterr().err
