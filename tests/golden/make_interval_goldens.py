#!/usr/bin/env python3
"""Writes data/intervals.json: interval bound propagation on convexadv_cifar_small_8px in NumPy and
PyTorch, in double precision, without any widening for rounding.

    python3 tests/golden/make_interval_goldens.py --data FOLDER

Of the first images of cifar10/test_first1000.bin the smallest lower bound of z_y - z_j, and of all
1000 how many are right and certified.
"""
import argparse
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import load_file

EPSILONS = [0, 1, 2, 4, 8]  # of 255
STORED = 60


def affine(layer, middle, radius):
    """m -> W m + b, r -> |W| r"""
    return layer(middle, False), layer(radius, True)


def relu(middle, radius):
    low, high = (middle - radius).clamp(min=0), (middle + radius).clamp(min=0)
    return (low + high) / 2, (high - low) / 2


def layers_of(weights):
    w = {name: torch.from_numpy(array).double() for name, array in weights.items()}

    def conv(name):
        return lambda x, absolute: (F.conv2d(x, w[name + ".weight"].abs(), None, 2, 1) if absolute
                                    else F.conv2d(x, w[name + ".weight"], w[name + ".bias"], 2, 1))

    def linear(name):
        return lambda x, absolute: (F.linear(x, w[name + ".weight"].abs()) if absolute
                                    else F.linear(x, w[name + ".weight"], w[name + ".bias"]))
    return [conv("0"), conv("2"), linear("5")], w["7.weight"], w["7.bias"]


def margins(weights, images, labels, epsilon):
    hidden, last, bias = layers_of(weights)
    low, high = (images - epsilon).clamp(0, 1), (images + epsilon).clamp(0, 1)
    mean = torch.tensor(np.float32([0.485, 0.456, 0.406])).double().view(1, 3, 1, 1)
    std = float(np.float32(0.225))
    middle, radius = ((low + high) / 2 - mean) / std, (high - low) / 2 / std
    for i, layer in enumerate(hidden):
        if i == 2:
            middle, radius = middle.flatten(1), radius.flatten(1)
        middle, radius = relu(*affine(layer, middle, radius))
    rows = last[labels].unsqueeze(1) - last.unsqueeze(0)  # [n, classes, features]
    lower = torch.einsum("njk,nk->nj", rows, middle) + bias[labels].unsqueeze(1) - bias
    lower = lower - torch.einsum("njk,nk->nj", rows.abs(), radius)
    lower[torch.arange(len(labels)), labels] = float("inf")
    return lower.min(1).values


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True, type=Path)
    data = parser.parse_args().data
    weights = load_file(data / "weights" / "convexadv_cifar_small_8px.safetensors")
    records = np.fromfile(data / "cifar10" / "test_first1000.bin", np.uint8).reshape(-1, 3073)
    images = torch.from_numpy(np.float32(records[:, 1:]) / np.float32(255)).double()
    images = images.view(-1, 3, 32, 32)
    labels = torch.from_numpy(records[:, 0].astype(np.int64))
    result = {"epsilons": EPSILONS, "certified": [], "margins": []}
    for epsilon in EPSILONS:
        least = margins(weights, images, labels, float(np.float32(epsilon / 255)))
        result["certified"].append(int((least > 0).sum()))
        result["margins"].append([float(f"{m:.12g}") for m in least[:STORED]])
    out = Path(__file__).parent / "data" / "intervals.json"
    out.write_text(json.dumps(result).replace("], [", "],\n [") + "\n")
    print(result["certified"])


if __name__ == "__main__":
    main()
