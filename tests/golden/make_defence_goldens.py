#!/usr/bin/env python3
"""Writes data/defences.safetensors: what others make of the transforms before a network.

    python make_defence_goldens.py

needs Pillow (on libjpeg-turbo), scipy, torch, numpy and safetensors. Smoothing is worked out in
double precision and stored as float32; a JPEG is bytes, and stored as they decode.
"""
import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from scipy import ndimage

from golden_ops import picture, save, uniform

SHAPE, SEED = (1, 3, 31, 42), 61
# From places in the result to places in the image, in pixels: a turn with a magnification, and a
# viewpoint.
WARPS = [[0.8, -0.3, 4.5, 0.25, 0.85, -2.25, 0, 0, 1],
         [1.1, 0.1, -3.5, -0.15, 0.95, 2.5, 0.004, -0.006, 1]]


def through_jpeg(image, quality):
    pixels = np.floor(image[0].permute(1, 2, 0).numpy() * 255 + 0.5).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=2)
    decoded = np.asarray(Image.open(file).convert("RGB"))
    return torch.from_numpy(decoded.astype(np.float64) / 255).permute(2, 0, 1)[None]


def smoothed(image, smooth):
    return torch.from_numpy(np.stack([smooth(plane) for plane in image[0].numpy()]))[None]


def warped(image, matrix):
    """grid_sample's places are in [-1, 1] between the outermost pixels' middles here."""
    h, w = SHAPE[2:]
    rows, columns = torch.meshgrid(torch.arange(h).double(), torch.arange(w).double(),
                                   indexing="ij")
    m = torch.tensor(matrix, dtype=torch.float32).double().reshape(3, 3)
    u, v, depth = (m[r, 0] * columns + m[r, 1] * rows + m[r, 2] for r in range(3))
    grid = torch.stack([2 * u / depth / (w - 1) - 1, 2 * v / depth / (h - 1) - 1], -1)[None]
    return torch.nn.functional.grid_sample(image, grid, mode="bilinear", padding_mode="zeros",
                                           align_corners=True)


def main():
    image = picture(SHAPE, SEED)
    seeds = uniform(SHAPE, SEED + 1, -1, 1)
    goldens = {"seed": torch.tensor([SEED]).double(),
               "jpeg:75": through_jpeg(image, 75),
               "jpeg:20": through_jpeg(image, 20),
               "gaussian:1.5": smoothed(
                   image, lambda p: ndimage.gaussian_filter(p, 1.5, mode="reflect", truncate=4)),
               "median:3": smoothed(image, lambda p: ndimage.median_filter(p, 3, mode="reflect")),
               "median:5": smoothed(image, lambda p: ndimage.median_filter(p, 5, mode="reflect"))}
    for i, matrix in enumerate(WARPS):
        x = image.clone().requires_grad_()
        y = warped(x, matrix)
        gradient, = torch.autograd.grad((y * seeds).sum(), x)
        goldens |= {f"warp{i}.matrix": torch.tensor(matrix).double(), f"warp{i}": y,
                    f"warp{i}.gradient": gradient}
    save(Path(__file__).parent / "data" / "defences.safetensors", goldens)


if __name__ == "__main__":
    main()
