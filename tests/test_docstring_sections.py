"""What the docstring of a public name says, section by section: arguments, results, errors and sources."""

import inspect
import re

import pytest

from harness.docstrings import arguments, callables, entries, section
from harness.public_names import public_names
from harness.raised import raised

PUBLIC = public_names("inference")
CALLABLES = {name: (value, texts) for name, value, texts in callables(PUBLIC)}
# Errors that the code can raise, and no call of the name can: by name, why.
NEVER_RAISED = {
    "DeepLabV2.for_training": "it asks for the single scales only where there are several",
    "weights.Source.transfer": "every kind of source says how it is loaded",
    "datasets.explain_data_error": "it is what is returned",
    "inference.TFLitePredictor.run": "its file is in memory",
    "training.RunFolder.read_config": "without the file there is no run, which is said before",
    "training.RunFolder.read_resolved": "without the file there is no run, which is said before",
}
# What comes from no paper and no release: by why, the names.
NO_SOURCE = {
    "handles models and files": {
        "create_model",
        "load_model",
        "models.SegmentationModel",
        "models.check_model_path",
        "models.check_rgb",
        "models.copy_weights",
        "models.model_class",
        "models.save_model",
        "models.set_recalibrator",
        "models.set_weights_loader",
    },
    "composes what others have": {"layers.Norm", "layers.channel_values", "losses.CombinedLoss"},
    "is Keras's, with little beside": {
        "layers.Dropout",
        "layers.ImageNormalization",
        "layers.conv_bn",
        "layers.conv_relu",
        "layers.depthwise_bn",
        "layers.truncated_normal",
        "optimizers.SGD",
        "optimizers.averaged_weights",
    },
    "is the base of one's own": {"evaluation.Metric"},
    "is what a search of ours left": {"nas.SearchReport", "nas.SearchResult", "nas.SearchTrials", "nas.Trial"},
    "looks at genotypes and searches": {"nas.entropies", "nas.genotype_table", "nas.one_hot", "nas.random_genotype"},
    "concerns TensorFlow alone": {"nas.unoptimized_graphs"},
}
# Which paper, or which file of the release: a reader of the reference sees no module's docstring.
SOURCE = re.compile(
    r"arXiv \d{4}\.\d{4,5}|et al\.,? \d{4}|\b(v\d\+?|[A-Z]\S*\d|Auto-DeepLab) paper\b|\b\w+\.(py|proto|cpp|m)\b"
)
# Rooms whose names are of papers or of the release.
FROM_PAPERS = ("crf", "evaluation.metrics", "layers", "losses", "metrics", "models", "nas", "optimizers", "schedules")
# Wrong calls that are refused before anything is built.
WRONG = [
    ("AutoDeepLab", "AutoDeepLab('deep')"),
    ("DeepLabV1", "DeepLabV1(variant='5x5')"),
    ("DeepLabV2", "DeepLabV2('resnet_101')"),
    ("DeepLabV3", "DeepLabV3(cascade_blocks=1, image_pooling=False)"),
    ("DeepLabV3Plus", "DeepLabV3Plus(decoder_logits=True, decoder_strides=())"),
    ("LRASPP", "LRASPP(classes=1)"),
    ("LabelSpec", "LabelSpec(['road', 'road'])"),
    ("LabelSpec.from_dict", "LabelSpec.from_dict({})"),
    ("Segmenter", "Segmenter('nowhere.keras')"),
    ("cost.check_drawing_path", "check_drawing_path('network.txt')"),
    ("cost.draw_network", "draw_network(None, 'network.txt')"),
    ("cost.model_cost", "model_cost(None)"),
    ("cost.named_model", "named_model('v4')"),
    ("cost.skeleton", "skeleton('v4')"),
    ("create_model", "create_model('v4')"),
    ("crf.crf_parameters", "crf_parameters('moon')"),
    ("datasets.open_dataset", "open_dataset('nowhere')"),
    ("inference.open_predictor", "open_predictor('nowhere.tflite')"),
    ("label_spec", "label_spec('moon')"),
    ("labels.released_labels", "released_labels(1)"),
    ("layers.DropPath", "DropPath(1.0)"),
    ("layers.ImageScale", "ImageScale(0)"),
    ("load_model", "load_model('nowhere.keras')"),
    ("load_released", "load_released('nowhere.tflite')"),
    ("losses.CombinedLoss", "CombinedLoss([])"),
    ("losses.CrossEntropy", "CrossEntropy(class_weights=[1])"),
    ("losses.Dice", "Dice(-1)"),
    ("losses.Focal", "Focal(gamma=-1)"),
    ("losses.HardPixels", "HardPixels(keep=0)"),
    ("losses.LovaszSoftmax", "LovaszSoftmax(per_image=1)"),
    ("models.check_model_path", "check_model_path('model.h5')"),
    ("models.model_class", "model_class('v4')"),
    ("models.save_model", "save_model(None, 'model.h5')"),
    ("nas.genotype", "genotype('moon')"),
    ("optimizers.SGD", "SGD(momentum=1)"),
    ("optimizers.Adam", "Adam(beta_1=1)"),
    ("optimizers.AdamW", "AdamW(weight_decay=-1)"),
    ("optimizers.Momentum", "Momentum(0)"),
    ("schedules.Cosine", "Cosine(0.1, 10, end_learning_rate=1)"),
    ("schedules.MultiStep", "MultiStep(0.1, 10, boundaries=(5, 4))"),
    ("schedules.Poly", "Poly(0, 10)"),
    ("schedules.Step", "Step(0.1, 10, every=0)"),
    ("training.recipe", "recipe('moon')"),
    ("transfer_weights", "transfer_weights(None, 3)"),
    ("weights.identify", "identify('weights.xyz')"),
    ("weights.load_checkpoint", "load_checkpoint(None, 'nowhere/model.ckpt')"),
    ("weights.load_checkpoint_model", "load_checkpoint_model('nowhere/model.ckpt')"),
    ("weights.load_initial", "load_initial(None, 3)"),
    ("weights.read_released", "read_released('nowhere.tflite')"),
    ("weights.zoo_entry", "zoo_entry('moon')"),
]


def told(name, part):
    _, texts = CALLABLES[name]
    return set().union(*(entries(text, part) for text in texts))


def test_arguments_are_told():
    """Those of constructors under `Args` of the class."""
    untold = {name: set(arguments(value)) - told(name, "Args") for name, (value, _) in CALLABLES.items()}
    assert {name: left for name, left in untold.items() if left} == {}


def test_arguments_that_are_told_exist():
    """One that was renamed or taken away is told no longer."""
    gone = {
        name: said - set(inspect.signature(value).parameters)
        for name, (value, texts) in CALLABLES.items()
        if (said := entries(texts[0], "Args"))
    }
    assert {name: left for name, left in gone.items() if left} == {}


def test_results_are_told():
    """What takes no arguments is named by its first line."""
    without = {None, "None", "Iterator[None]"}
    lacking = [
        name
        for name, (value, texts) in CALLABLES.items()
        if not inspect.isclass(value) and arguments(value) and inspect.signature(value).return_annotation not in without
        if not any(section(text, part) for text in texts for part in ("Returns", "Yields"))
    ]
    assert lacking == []


def test_errors_are_told():
    """Those that the code raises itself or in a helper that it calls, by their own name or that of a kind."""
    untold = {}
    for name, (value, _) in CALLABLES.items():
        said = told(name, "Raises")
        kinds = {error: {kind.__name__ for kind in error.__mro__} for error in raised(value) - {NotImplementedError}}
        # What is raised by an explanation of another error is known when it happens.
        missing = [
            error.__name__ for error, names in kinds.items() if not (said if error is Exception else said & names)
        ]
        if missing:
            untold[name] = missing
    assert {name: errors for name, errors in untold.items() if name not in NEVER_RAISED} == {}
    assert NEVER_RAISED.keys() <= untold.keys()


def test_sources_are_told():
    def lacks(value):
        room = value.__module__.removeprefix("deeplab_tf.")
        return room.startswith(FROM_PAPERS) and not SOURCE.search(inspect.getdoc(value))

    assert {name for name, value in PUBLIC.items() if lacks(value)} == set().union(*NO_SOURCE.values())


@pytest.mark.parametrize("name, call", WRONG)
def test_errors_are_raised(name, call):
    """What `Raises` says is true; the tests of each part know the messages."""
    names = {public.rpartition(".")[2]: value for public, value in PUBLIC.items()}
    with pytest.raises((ValueError, FileNotFoundError)) as raised_here:
        eval(call, names)
    assert raised_here.type.__name__ in told(name, "Raises")
