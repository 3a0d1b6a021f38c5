"""Variables as the original release names and shapes them, written out from its recipes, and checkpoints of them."""

import csv

import numpy as np
import tensorflow as tf


def listed(shared, table):
    """Name to (dtype, shape), of all entries in a list read off a real checkpoint."""
    with (shared / "reference" / "checkpoint_variables" / table).open() as file:
        return {
            row["variable"]: (row["dtype"], tuple(int(side) for side in row["shape"].split(",") if side))
            for row in csv.DictReader(file, delimiter="\t")
        }


def random_values(shapes, seed=0):
    """Values under which nothing vanishes or explodes, by name."""
    draw = np.random.default_rng(seed)
    values = {}
    for name, shape in shapes.items():
        if name.endswith(("gamma", "moving_variance")):
            # What is summed up over a long row of modules must be small.
            summand = name.endswith("separable_conv3_pointwise/BatchNorm/gamma")
            values[name] = (draw.uniform(0.5, 1.5, shape) * (0.2 if summand else 1)).astype(np.float32)
        elif len(shape) == 4:
            inputs = shape[0] * shape[1] * (1 if name.endswith("depthwise_weights") else shape[2])
            values[name] = draw.standard_normal(shape, np.float32) * np.float32((2 / inputs) ** 0.5)
        else:
            values[name] = draw.standard_normal(shape, np.float32) * np.float32(0.1)
    return values


def write(prefix, values):
    """Writes a checkpoint as TensorFlow 1 does."""
    tf.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=list(values),
        shape_and_slices=[""] * len(values),
        tensors=[tf.constant(value) for value in values.values()],
    )
    return prefix


def value_in(model, name):
    """A model's value for a variable: by the attribute of Keras's layer, so that a swapped pair would show."""
    scope, _, leaf = name.rpartition("/")
    attribute = {"weights": "kernel", "depthwise_weights": "kernel", "biases": "bias"}.get(leaf, leaf)
    return getattr(model.get_layer(scope.replace("/", ".")), attribute).numpy()


def norm(scope, channels):
    return {f"{scope}/{leaf}": (channels,) for leaf in ("gamma", "beta", "moving_mean", "moving_variance")}


def conv(scope, inputs, outputs, size=1):
    return {f"{scope}/weights": (size, size, inputs, outputs), **norm(f"{scope}/BatchNorm", outputs)}


def biased(scope, inputs, outputs):
    return {f"{scope}/weights": (1, 1, inputs, outputs), f"{scope}/biases": (outputs,)}


def depthwise(scope, channels, size=3):
    return {f"{scope}/depthwise_weights": (size, size, channels, 1), **norm(f"{scope}/BatchNorm", channels)}


def separable(scope, inputs, outputs):
    return depthwise(f"{scope}_depthwise", inputs) | conv(f"{scope}_pointwise", inputs, outputs)


def xception(variant):
    scope = f"xception_{variant}"
    entry = {41: [128, 256, 728], 65: [128, 256, 728], 71: [128, 256, 256, 728, 728]}[variant]
    found = conv(f"{scope}/entry_flow/conv1_1", 3, 32, 3) | conv(f"{scope}/entry_flow/conv1_2", 32, 64, 3)
    blocks = [(f"entry_flow/block{i}", 1, (width,) * 3, True) for i, width in enumerate(entry, 1)]
    blocks += [("middle_flow/block1", 8 if variant == 41 else 16, (728,) * 3, False)]
    blocks += [("exit_flow/block1", 1, (728, 1024, 1024), True), ("exit_flow/block2", 1, (1536, 1536, 2048), False)]
    channels = 64
    for block, units, widths, skip in blocks:
        for unit in range(1, units + 1):
            module, before = f"{scope}/{block}/unit_{unit}/xception_module", channels
            for i, width in enumerate(widths, 1):
                found |= separable(f"{module}/separable_conv{i}", channels, width)
                channels = width
            if skip:
                found |= conv(f"{module}/shortcut", before, channels)
    return found


def resnet(depth, beta):
    scope = f"resnet_v1_{depth}"
    roots = [("conv1_1", 3, 64), ("conv1_2", 64, 64), ("conv1_3", 64, 128)] if beta else []
    found = {} if beta else conv(f"{scope}/conv1", 3, 64, 7)
    for name, inputs, outputs in roots:
        found |= conv(f"{scope}/{name}", inputs, outputs, 3)
    channels = 128 if beta else 64
    for block, (units, width) in enumerate(zip({50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}[depth], (64, 128, 256, 512)), 1):
        for unit in range(1, units + 1):
            name = f"{scope}/block{block}/unit_{unit}/bottleneck_v1"
            found |= conv(f"{name}/conv1", channels, width) | conv(f"{name}/conv2", width, width, 3)
            found |= conv(f"{name}/conv3", width, 4 * width)
            if channels != 4 * width:
                found |= conv(f"{name}/shortcut", channels, 4 * width)
            channels = 4 * width
    return found


def _block(scope, index):
    return f"{scope}/expanded_conv" + (f"_{index}" if index else "")


MOBILENET_V2 = {
    1.0: (32, (16, 24, 24, *[32] * 3, *[64] * 4, *[96] * 3, *[160] * 3, 320),
          (96, 144, 144, *[192] * 3, *[384] * 4, *[576] * 3, *[960] * 3)),
    0.5: (16, (8, 12, 12, *[16] * 3, *[32] * 4, *[48] * 3, *[80] * 3, 160),
          (48, 72, 72, *[96] * 3, *[192] * 4, *[288] * 3, *[480] * 3)),
}  # fmt: skip


def mobilenet_v2(multiplier=1.0):
    channels, outputs, expansions = MOBILENET_V2[multiplier]
    found = conv("MobilenetV2/Conv", 3, channels, 3)
    for index, (output, expanded) in enumerate(zip(outputs, (channels, *expansions), strict=True)):
        name = _block("MobilenetV2", index)
        found |= conv(f"{name}/expand", channels, expanded) if index else {}
        found |= depthwise(f"{name}/depthwise", expanded) | conv(f"{name}/project", expanded, output)
        channels = output
    return found


# Of each block: depthwise channels, output channels, kernel size, channels that the gate squeezes to.
MOBILENET_V3 = {
    "large": (480, (
        (16, 16, 3, 0), (64, 24, 3, 0), (72, 24, 3, 0), (72, 40, 5, 24), (120, 40, 5, 32), (120, 40, 5, 32),
        (240, 80, 3, 0), (200, 80, 3, 0), (184, 80, 3, 0), (184, 80, 3, 0), (480, 112, 3, 120), (672, 112, 3, 168),
        (336, 80, 5, 88), (480, 80, 5, 120), (480, 80, 5, 120),
    )),
    "small": (288, (
        (16, 16, 3, 8), (72, 24, 3, 0), (88, 24, 3, 0), (96, 40, 5, 24), (240, 40, 5, 64), (240, 40, 5, 64),
        (120, 48, 5, 32), (144, 48, 5, 40), (144, 48, 5, 40), (288, 48, 5, 72), (288, 48, 5, 72),
    )),
}  # fmt: skip


def mobilenet_v3(size):
    last, blocks = MOBILENET_V3[size]
    found, channels = conv("MobilenetV3/Conv", 3, 16, 3), 16
    for index, (expanded, output, kernel, squeezed) in enumerate(blocks):
        name = _block("MobilenetV3", index)
        found |= conv(f"{name}/expand", channels, expanded) if index else {}
        found |= depthwise(f"{name}/depthwise", expanded, kernel) | conv(f"{name}/project", expanded, output)
        if squeezed:
            gate = f"{name}/squeeze_excite"
            found |= biased(f"{gate}/Conv", expanded, squeezed) | biased(f"{gate}/Conv_1", squeezed, expanded)
        channels = output
    return found | conv("MobilenetV3/Conv_1", channels, last)


# Channels of the slim network where the full one has these, as its released TFLite file shows them.
EDGETPU_SLIM = {32: 24, 16: 16, 48: 40, 96: 72, 160: 120, 192: 144}


def mobilenet_edgetpu(slim=False):
    scope, widths = "MobilenetEdgeTPU", EDGETPU_SLIM if slim else {width: width for width in EDGETPU_SLIM}
    channels = widths[32]
    found = conv(f"{scope}/Conv", 3, channels, 3)
    runs = [(1, 1, 16, "fused"), (1, 8, 32, "fused"), (3, 4, 32, "fused"), (1, 8, 48, "fused"), (3, 4, 48, "fused")]
    runs += [(1, 8, 96, 3), (3, 4, 96, 3), (1, 8, 96, 3), (3, 4, 96, 3), (1, 8, 160, 5), (3, 4, 160, 5), (1, 8, 192, 3)]
    blocks = [block for times, *block in runs for _ in range(times)]
    for index, (factor, output, kind) in enumerate(blocks):
        name, expanded = _block(scope, index), channels * factor
        if factor > 1:
            found |= conv(f"{name}/expand", channels, expanded, 3 if kind == "fused" else 1)
        if kind != "fused":
            found |= depthwise(f"{name}/depthwise", expanded, kind)
        channels = widths[output]
        found |= conv(f"{name}/project", expanded, channels)
    return found | conv(f"{scope}/Conv_1", channels, 1280)


# The cell's operations, the states they read, and the level (0 for stride 4) of each of the twelve cells.
NAS = {
    "hnasnet": (
        "atrous_5 separable_3 separable_3 atrous_3 separable_3 separable_3 "
        "separable_5 separable_5 separable_5 atrous_5",
        (1, 0, 1, 0, 3, 1, 4, 2, 3, 5), (0, 0, 0, 1, 2, 1, 2, 2, 3, 3, 2, 1),
    ),
    "pnasnet": (
        "separable_5 pool separable_7 pool separable_5 separable_3 separable_3 pool separable_3 none",
        (1, 1, 0, 0, 0, 0, 4, 0, 1, 0), (1,) * 4 + (2,) * 8,
    ),
}  # fmt: skip


def nas(scope, base=20):
    operations, states, path = NAS[scope]
    found, channels = {}, 3
    for index, width in enumerate((64, 64, 128)):
        found |= {f"{scope}/conv{index}/weights": (3, 3, channels, width)} | norm(f"{scope}/conv{index}_bn", width)
        channels = width
    outputs, before = [64, 128], 0
    for index, level in enumerate(path):
        cell, width = f"{scope}/cell_{index}", base * 2**level
        found |= {f"{cell}/1x1/weights": (1, 1, outputs[-1], width)} | norm(f"{cell}/beginning_bn", width)
        found |= {f"{cell}/prev_1x1/weights": (1, 1, outputs[-2], width)} | norm(f"{cell}/prev_bn", width)
        for place, (operation, state) in enumerate(zip(operations.split(), states)):
            side = f"{cell}/comb_iter_{place // 2}/{'right' if place % 2 else 'left'}"
            kind, _, size = operation.partition("_")
            kernel = f"{size}x{size}"
            if kind == "separable":
                for step in (1, 2):
                    found |= {f"{side}/separable_{kernel}_{step}/depthwise_weights": (int(size), int(size), width, 1)}
                    found |= {f"{side}/separable_{kernel}_{step}/pointwise_weights": (1, 1, width, width)}
                    found |= norm(f"{side}/bn_sep_{kernel}_{step}", width)
            elif kind == "atrous":
                found |= {f"{side}/atrous_{kernel}/weights": (int(size), int(size), width, width)}
                found |= norm(f"{side}/bn_atr_{kernel}", width)
            elif kind == "none" and level > before and state < 2:
                found |= {f"{side}/1x1/weights": (1, 1, width, width)} | norm(f"{side}/bn_1", width)
        outputs, before = [outputs[-1], 5 * width], level
    return found


def aspp(inputs, branches=3, dense=False, filters=256, pooling=True):
    found = (conv("image_pooling", inputs, filters) if pooling else {}) | conv("aspp0", inputs, filters)
    for index in range(1, branches + 1):
        name = f"aspp{index}"
        found |= conv(name, inputs, filters, 3) if dense else separable(name, inputs, filters)
    return found | conv("concat_projection", (1 + pooling + branches) * filters, filters)


def cityscapes_cell(inputs):
    scope = "meta_architecture"
    found = separable(f"{scope}/branch0", inputs, 256) | conv(f"{scope}/concat_projection", 5 * 256, 256)
    for index in range(1, 5):
        found |= separable(f"{scope}/branch{index}", 256, 256)
    return found


def decoder(low_level, dense=False):
    found = conv("decoder/feature_projection0", low_level, 48)
    for index, inputs in enumerate((256 + 48, 256)):
        if dense:
            found |= conv(f"decoder/decoder_conv0/decoder_conv0_{index + 1}", inputs, 256, 3)
        else:
            found |= separable(f"decoder/decoder_conv{index}", inputs, 256)
    return found


def decoder_by_sum(low_level, dense=False):
    last = conv if dense else separable
    return conv("decoder/feature_projection0", low_level, 256) | last(
        "decoder/decoder_conv0", 256, 256, *((3,) if dense else ())
    )


def decoder_logits(low_level, classes, inputs=256):
    found = biased("decoder/decoder_conv0", inputs, classes)
    return found | biased("decoder/feature_projection0", low_level, classes)


def logits(classes, inputs=256):
    return biased("logits/semantic", inputs, classes)


def lr_aspp(inputs, low_level, classes):
    found = conv("aspp0", inputs, 128) | biased("image_pooling", inputs, 128)
    return found | decoder_logits(low_level, classes, 128)
