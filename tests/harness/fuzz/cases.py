"""One case: a sample copied, one file of it damaged, read again, and the outcome judged."""

import contextlib
import dataclasses
import functools
import io
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from deeplab_tf.cli import main
from harness.fuzz.mutations import mutated
from harness.fuzz.target import Target, damaged_files

# Samples to splice others with.
STRANGE = ("images", "labels_json", "checkpoint", "records")
# A case that changes a name instead of the content.
RENAMED = (".txt", ".JPG", ".png", ".json", ".keras", "")


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a case came to.

    Args:
        verdict: `refused` and `accepted` are right. `unnamed` (an error that does not say which file), `foreign` (an
            error of another type), `silent` (other values than the sound file's in spite of a checksum), `traceback`,
            `many lines` and `exit code` are faults; `crash`, `memory` and `time` are found by the pool.
        mutation: What was done to the file.
        detail: The error.
        seconds: How long reading took.
    """

    verdict: str
    mutation: str
    detail: str = ""
    seconds: float = 0.0

    @property
    def fault(self) -> bool:
        return self.verdict not in ("refused", "accepted")


class Bench:
    """Samples made once, and a folder for the copies.

    Args:
        targets: What is read, by name.
        makers: What makes a sample, by its name.
        samples: Folder that keeps them.
        scratch: Folder for the copies.
    """

    def __init__(self, targets: dict[str, Target], makers: dict[str, Callable], samples: Path, scratch: Path):
        self.targets, self.makers = targets, makers
        self.samples, self.scratch = Path(samples), Path(scratch)
        self.scratch.mkdir(parents=True, exist_ok=True)

    def sample(self, name: str) -> Path:
        folder = self.samples / name
        if not folder.exists():
            making = self.scratch / f"making-{name}"
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir()
            self.makers[name](making)
            with contextlib.suppress(OSError):
                making.rename(folder)
        return folder

    @functools.cache  # noqa: B019 (one bench a process)
    def sound(self, name: str) -> dict[str, str]:
        """The digest of a target's undamaged sample, by the file that is read."""
        target, found = self.targets[name], {}
        for file in damaged_files(target, self._copy(target.sample)):
            found[file.name] = target.read(self._copy(target.sample), file)
        return found

    def _copy(self, sample: str) -> Path:
        folder = self.scratch / "case"
        shutil.rmtree(folder, ignore_errors=True)
        return Path(shutil.copytree(self.sample(sample), folder))

    def damage(self, name: str, seed: int) -> tuple[Path, Path, str]:
        """A copy of a target's sample with one damaged file: the folder, the file and what was done."""
        target, draw = self.targets[name], random.Random(f"{name} {seed}")
        folder = self._copy(target.sample)
        file = draw.choice(damaged_files(target, folder))
        if target.renamed and draw.random() < 0.03:
            other = file.with_name(file.stem + draw.choice(RENAMED))
            file.rename(other)
            return folder, other, "renamed"
        strange = draw.choice([other for other in STRANGE if other in self.makers] or [target.sample])
        pool = [path for path in sorted(self.sample(strange).rglob("*")) if path.is_file()]
        content = file.read_bytes()
        mutation, damaged = mutated(content, draw, draw.choice(pool).read_bytes())
        file.write_bytes(damaged)
        return folder, file, mutation if damaged != content else "nothing"

    def library(self, name: str, seed: int) -> Outcome:
        """Reads a damaged file through the library."""
        target, sound = self.targets[name], self.sound(name)
        folder, file, mutation = self.damage(name, seed)
        original = file.name
        start = time.perf_counter()
        try:
            found = target.read(folder, file)
        except (ValueError, FileNotFoundError) as error:
            said = any(known in str(error) for known in (file.name, *target.names))
            verdict, detail = "refused" if said else "unnamed", f"{type(error).__name__}: {error}"
        except Exception as error:
            verdict, detail = "foreign", f"{type(error).__name__}: {error}"
        else:
            same = mutation == "renamed" or found == sound.get(original)
            verdict, detail = ("accepted" if same or not target.checked else "silent"), ""
        return Outcome(verdict, mutation, detail[:400], time.perf_counter() - start)

    def command(self, name: str, seed: int) -> Outcome:
        """Reads a damaged file through the command line."""
        target = self.targets[name]
        places = {
            "model": self.sample("keras_file") / "model.keras", "photo": self.sample("images") / "photo.jpg",
            "out": self.scratch / "out",
        }  # fmt: skip
        for left in self.scratch.glob("out*"):
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        folder, file, mutation = self.damage(name, seed)
        words = [word.format(file=file, folder=folder, **places) for word in target.command]
        out, err = io.StringIO(), io.StringIO()
        start = time.perf_counter()
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = main(words)
        except BaseException as error:
            return Outcome("traceback", mutation, f"{type(error).__name__}: {error}"[:400])
        seconds, said = time.perf_counter() - start, err.getvalue()
        errors = [line for line in said.splitlines() if line.startswith("Error")]
        verdict = "accepted" if code == 0 else "refused"
        if "Traceback" in said:
            verdict = "traceback"
        elif code not in (0, 2):
            verdict = "exit code"
        elif code == 2 and len(errors) != 1:
            verdict = "many lines"
        elif code == 2 and not any(known in errors[0] for known in (file.name, *target.names)):
            verdict = "unnamed"
        return Outcome(verdict, mutation, said[:400], seconds)
