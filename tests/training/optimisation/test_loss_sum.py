import pytest

from deeplab_tf.losses import CrossEntropy, Dice
from deeplab_tf.training import TrainConfig
from deeplab_tf.training.optimisation.loss_sum import sum_of
from deeplab_tf.training.optimisation.trainer import make_trainer
from harness.tiny_model import tiny_model

PARTS = {"cross_entropy": 1, "dice": {"weight": 0.5, "per_image": True}, "hard_pixels": {"ramp_steps": 4}}


def test_settings_and_class_weights_reach_the_parts():
    config = TrainConfig(data="d", output="o", learning_rate=0.01, loss="sum", loss_settings={"parts": PARTS})
    trainer = make_trainer(tiny_model(), config, class_weights=[1, 2, 3, 4])
    first, second, third = trainer.loss.losses
    assert (type(first), first.class_weights) == (CrossEntropy, [1, 2, 3, 4])
    assert (type(second), second.per_image) == (Dice, True)
    # Without a step to follow it would raise.
    assert float(third._share()) == 1
    assert trainer.loss.weights == [1, 0.5, 1]


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((255,), r"parts must be losses by name, each with its weight; received None"),
        ((255, {"dize": 1}), "parts must be one of 'cross_entropy', .*received 'dize'. Did you mean 'dice'"),
        ((255, {"sum": 1}), "parts must be one of 'cross_entropy'"),
        ((255, {"dice": "much"}), r"parts\['dice'\] must be a weight, or settings by name; received 'much'"),
        ((255, {"focal": {"gama": 1}}), "Focal has no argument 'gama'; did you mean 'gamma'"),
        ((255, {"dice": 1}, [1, 2]), "None of the losses dice takes class_weights"),
    ],
)
def test_what_is_not_possible(arguments, message):
    with pytest.raises(ValueError, match=message):
        sum_of(*arguments)
