"""A tiny search on two parts of the CPU, and again from a checkpoint in its midst; run by itself with its settings."""

import dataclasses
import importlib
import json
import shutil
import sys
from pathlib import Path

from deeplab_tf.nas import search_settings
from deeplab_tf.nas.search_folder import SearchFolder

searching = importlib.import_module("deeplab_tf.nas.search")
CUT = "cut"


def once(make):
    """Gives what was made first: network and graphs take longer than the search."""
    made = []

    def again(*arguments, **named):
        if not made:
            made.append(make(*arguments, **named))
        return made[0]

    return again


def main() -> None:
    settings = search_settings(**json.loads(sys.argv[1]))
    cut, save = Path(settings.output).with_name(CUT), SearchFolder.save

    def save_and_copy(folder, state, variables):
        save(folder, state, variables)
        if (state.epoch, state.step) == (2, 1) and not cut.exists():
            shutil.copytree(folder.path, cut)

    SearchFolder.save, SearchFolder.write_epoch = save_and_copy, lambda *_: None
    # What a checkpoint lacks then still is as the end of the first search left it.
    for name in ("devices_here", "supernet", "SearchSteps"):
        setattr(searching, name, once(getattr(searching, name)))
    for output in (settings.output, str(cut)):
        searching.search(dataclasses.replace(settings, output=output))


if __name__ == "__main__":
    main()
