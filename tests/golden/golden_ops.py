"""Random numbers that C++ draws alike, the ReLU rules, and running a list of named layers."""
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn


def uniform(shape, seed, low, high):
    """splitmix64, its upper 24 bits as a fraction: reference::Random of the C++ tests."""
    count = int(np.prod(shape))
    gamma, first, second = (np.uint64(k) for k in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9,
                                                   0x94D049BB133111EB))
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + gamma * np.arange(1, count + 1, dtype=np.uint64)
        z = (z ^ (z >> np.uint64(30))) * first
        z = (z ^ (z >> np.uint64(27))) * second
        z = z ^ (z >> np.uint64(31))
    unit = (z >> np.uint64(40)).astype(np.float64) / (1 << 24)
    values = (low + (high - low) * unit).astype(np.float32)
    return torch.from_numpy(values.astype(np.float64)).reshape(tuple(shape))


def picture(shape, seed):
    """Blocks of 8 x 8 pixels of one colour under a quarter of noise: flat areas and edges."""
    n, c, h, w = shape
    blocks = uniform((n, c, (h + 7) // 8, (w + 7) // 8), seed, 0, 1)
    blocks = blocks.repeat_interleave(8, 2).repeat_interleave(8, 3)[:, :, :h, :w]
    noise = uniform(shape, seed + 5000, 0, 1)
    return (0.75 * blocks + 0.25 * noise).float().double()


class ReluRule(torch.autograd.Function):
    """Springenberg et al. 2015, as hooks on every ReLU do it."""
    rule = "standard"

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, d_y):
        x, = ctx.saved_tensors
        if ReluRule.rule != "deconvnet":
            d_y = torch.where(x > 0, d_y, torch.zeros_like(d_y))
        if ReluRule.rule != "standard":
            d_y = torch.where(d_y > 0, d_y, torch.zeros_like(d_y))
        return d_y


class RuledRelu(nn.Module):
    def forward(self, x):
        return ReluRule.apply(x)


def run(layers, x, names):
    """The outputs of the layers in `names`; `layers` is a list of (name, module)."""
    wanted, taps = set(names), {}
    for name, layer in layers:
        x = layer(x)
        if name in wanted:
            taps[name] = x
    missing = wanted - taps.keys()
    if missing:
        raise KeyError(f"no layers {sorted(missing)}")
    return taps


def save(path: Path, tensors):
    """Doubles are stored as float32, integers as float32 too; other types as they are."""
    stored = {}
    for name, tensor in tensors.items():
        keep = tensor.dtype in (torch.float16, torch.bfloat16, torch.float32)
        stored[name] = (tensor if keep else tensor.float()).detach().contiguous()
    save_file(stored, path)
    print(f"{path.name}: {path.stat().st_size} bytes")
