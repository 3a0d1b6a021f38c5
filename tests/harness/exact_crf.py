"""Mean field of the dense CRF with the kernels written out, pixel by pixel: what the engines approximate."""

import numpy as np


def exact_kernel(points, normalization):
    """The normalised Gaussian between all points `[N, d]`, float64 `[N, N]`."""
    distances = ((points[:, None] - points[None]) ** 2).sum(-1)
    kernel = np.exp(-distances / 2)
    mass = kernel.sum(1)
    if normalization == "symmetric":
        return kernel / np.sqrt(mass[:, None] * mass[None])
    return kernel / mass[:, None]


def exact_crf(image, probabilities, parameters, iterations):
    """Marginals, float64 `[H, W, classes]`, of an image and probabilities."""
    height, width, classes = probabilities.shape
    places = np.argwhere(np.ones((height, width))).astype(float)
    colours = image.reshape(-1, 3).astype(float)
    apart = np.concatenate([places / parameters.sigma_alpha, colours / parameters.sigma_beta], 1)
    message = parameters.bilateral_weight * exact_kernel(apart, parameters.normalization)
    message += parameters.spatial_weight * exact_kernel(places / parameters.sigma_gamma, parameters.normalization)
    start = np.clip(probabilities.reshape(-1, classes).astype(float), 1e-5, 1)
    marginals = start / start.sum(1, keepdims=True)
    for _ in range(iterations):
        exponent = np.log(start) + message @ marginals
        marginals = np.exp(exponent - exponent.max(1, keepdims=True))
        marginals /= marginals.sum(1, keepdims=True)
    return marginals.reshape(probabilities.shape)
