"""A process that runs cases as it is told, line by line: reading damaged files may take it down, and only it."""

import json
import os
import runpy
import sys
import traceback
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
TESTS = Path(__file__).resolve().parents[2]
sys.path[0] = str(TESTS)


def main() -> None:
    samples, scratch, *extra = map(Path, sys.argv[1:])
    # What libraries print, natively too, must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    from harness.fuzz.cases import Bench

    if extra:
        targets, makers = runpy.run_path(str(extra[0]))["TARGETS"], {}
    else:
        from harness.fuzz.samples import SAMPLES
        from harness.fuzz.targets import TARGETS

        targets, makers = TARGETS, SAMPLES
    bench = Bench(targets, makers, samples, scratch)
    for line in sys.stdin:
        how, target, seed = json.loads(line)
        try:
            if how == "list":
                found = {name: (one.cases, one.command is not None) for name, one in targets.items()}
            else:
                found = bench.sound(target) if how == "prepare" else vars(getattr(bench, how)(target, seed))
        except Exception:
            found = {"verdict": "broken", "mutation": "", "detail": traceback.format_exc(), "seconds": 0.0}
        print(json.dumps(found), file=answers)


if __name__ == "__main__":
    main()
