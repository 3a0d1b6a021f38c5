"""Several trials of a search by Ray Tune, on this machine or a cluster: a script to copy and change.

    pip install -e ".[tune]"
    python benchmarks/search_with_ray.py --recipe minutes_cpu --data camvid --output searches --trials 2

Each trial is a search in a folder of its own, as with `deeplab-tf search --trials`; --data and --output lie where all
machines find them. On several machines `ray start` comes first on each. The same command goes on with what was cut off.
"""

import argparse
import json
from pathlib import Path

import ray
from ray import tune

from deeplab_tf.lazy import SMALL_OPERATIONS


def trial(config):
    """A search in one of Ray's processes."""
    from deeplab_tf import nas

    settings = {**config, "output": f"{config['output']}/trial_{config['seed']:02d}"}
    result = nas.search(nas.search_settings(**settings))
    return {"miou": result.miou, "strides": " ".join(map(str, result.genotype.strides))}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", default="published")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--set", type=json.loads, default={}, metavar="JSON", help='for instance {"epochs": 20}')
    given = parser.parse_args()
    # In the environment of Ray's processes, before TensorFlow is there.
    ray.init(runtime_env={"env_vars": SMALL_OPERATIONS})
    tuner = tune.Tuner(
        # Ray runs so many at a time as there are cores for.
        tune.with_resources(trial, {"cpu": 1}),
        param_space={
            "recipe": given.recipe,
            # Ray's processes have folders of their own.
            "data": str(given.data.resolve()),
            "output": str(given.output.resolve()),
            "seed": tune.grid_search(list(range(given.trials))),
            **given.set,
        },
        tune_config=tune.TuneConfig(metric="miou", mode="max"),
        # A trial that was lost with its machine goes on from its checkpoint.
        run_config=tune.RunConfig(
            storage_path=str(given.output.resolve() / "ray"), failure_config=tune.FailureConfig(max_failures=3)
        ),
    )
    results = tuner.fit()
    columns = ["config/seed", "miou", "strides"]
    print(results.get_dataframe().sort_values(columns[0])[columns].to_string(index=False))
    print(f"Best: seed {results.get_best_result().config['seed']}")


if __name__ == "__main__":
    main()
