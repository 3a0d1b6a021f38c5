"""Settings as the papers and the release trained, by name; and some for small budgets.

A recipe is a function from settings to a `TrainConfig`, or to those of the stages of a training. Its docstring has what
was published, the command, the time and what to expect. Arguments of its own are settings of the recipe.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from deeplab_tf import checks
from deeplab_tf.training.config import TrainConfig
from deeplab_tf.training.recipes.auto_deeplab import auto_deeplab_cityscapes
from deeplab_tf.training.recipes.few_images import camvid_cpu, few_images_cpu, few_images_gpu
from deeplab_tf.training.recipes.mobile import mobilenet_v2_voc, mobilenet_v3_cityscapes
from deeplab_tf.training.recipes.v1 import v1_large_fov
from deeplab_tf.training.recipes.v2 import v2_resnet_101
from deeplab_tf.training.recipes.v3 import v3_voc, v3_voc_stage_1, v3_voc_stage_2
from deeplab_tf.training.recipes.v3plus import v3plus_ade20k, v3plus_cityscapes, v3plus_voc

Recipe = Callable[..., "TrainConfig | list[TrainConfig]"]
RECIPES: dict[str, Recipe] = {
    made.__name__: made
    for made in (
        few_images_cpu,
        few_images_gpu,
        camvid_cpu,
        v1_large_fov,
        v2_resnet_101,
        v3_voc,
        v3_voc_stage_1,
        v3_voc_stage_2,
        v3plus_voc,
        v3plus_cityscapes,
        v3plus_ade20k,
        mobilenet_v2_voc,
        mobilenet_v3_cityscapes,
        auto_deeplab_cityscapes,
    )
}


def recipe(name: str, own: Mapping[str, Any] | None = None, **settings: Any) -> TrainConfig | list[TrainConfig]:
    """The settings of a recipe, for `train`.

    Args:
        name: A key of `RECIPES`.
        own: Settings of the recipe itself by name, such as the folder of COCO.
        **settings: Settings as for `TrainConfig`, `data` and `output` among them; each replaces the recipe's, in every
            stage.

    Returns:
        The settings; or those of the stages of a training.

    Raises:
        ValueError: If there is no such recipe, it has no such setting, or a value is not possible; the message names
            the nearest.

    Example:
        >>> first, second = recipe("v3_voc", data="voc", output="runs/v3", batch_size=8)
        >>> first.output_stride, second.output_stride, second.learning_rate, second.batch_size
        (16, 8, 0.001, 8)
    """
    function, own = RECIPES[checks.one_of("recipe", name, RECIPES)], own or {}
    if unknown := [one for one in own if one not in own_settings(function)]:
        known = own_settings(function)
        expected = f"one of the settings of recipe {name}: {', '.join(known) or 'it has none'}"
        meant = checks.nearest(unknown[0], known)
        checks.expect(False, "A recipe's setting", unknown[0], expected, f"Did you mean {meant[0]!r}?" if meant else "")
    return function(**own, **settings, recipe=name)


def own_settings(function: Recipe) -> list[str]:
    """The names of a recipe's own settings."""
    kinds = inspect.signature(function).parameters.values()
    return [one.name for one in kinds if one.kind is one.KEYWORD_ONLY]


def summary(function: Recipe) -> str:
    """The first line of what a recipe says of itself."""
    return (inspect.getdoc(function) or "").partition("\n")[0]
