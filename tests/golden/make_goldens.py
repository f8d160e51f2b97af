#!/usr/bin/env python3
"""Writes the tensors in data/ that the golden tests compare with, from PyTorch.

    python make_goldens.py [--data FOLDER]

needs torch, torchvision, timm, numpy and safetensors. All values are worked out in double precision
and stored as float32, so that what the tests measure is the engine's error and not PyTorch's. Only
the traces of the optimisers are run in float32 too, to see how far rounding alone leads them apart.
With --data (or PHOSPHENE_DATA), the real networks of the test data are run too. Seeds are fixed:
the same script with the same library versions writes the same bytes.
"""
import argparse
import os
from pathlib import Path

import torch

from golden_models import classifier_goldens
from golden_networks import (real_vgg16, real_vgg19, timm_head, vgg11_bn_narrow,
                             vgg19_narrow)
from golden_ops import ReluRule, picture, run, save, uniform
from golden_style import Style, adam_trace, lbfgs_trace

HERE = Path(__file__).parent / "data"
TAPS = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]
SEED_TAPS = ["conv3_1", "relu4_2", "relu5_1"]
RULES = ["standard", "deconvnet", "guided"]
ROUNDED_RUNS = 16


def gradients(layers, image, seeds, rule):
    """d(sum of seed times tap) / d(image) with every ReLU under `rule`."""
    image = image.clone().requires_grad_()
    ReluRule.rule = rule
    taps = run(layers, image, seeds)
    loss = sum((seed * taps[name]).sum() for name, seed in seeds.items())
    gradient, = torch.autograd.grad(loss, image)
    ReluRule.rule = "standard"
    return gradient


def switching_margin(layers, image):
    """Least |x| before a ReLU over its layer's root mean square."""
    names = [name for name, _ in layers]
    before = [names[i - 1] for i, name in enumerate(names) if name.startswith("relu")]
    taps = run(layers, image, before)
    return min((t.abs().min() / t.square().mean().sqrt()).item() for t in taps.values())


def steady_picture(layers, shape, margin):
    """The first picture on which no unit is near its switching point: one that switched through
    rounding would change a gradient by its whole share."""
    for seed in range(1, 1000):
        image = picture(shape, seed)
        if switching_margin(layers, image) >= margin:
            return seed, image
    raise SystemExit(f"no picture of {shape} has a margin of {margin}")


def seeds_for(layers, image, names):
    taps = run(layers, image, names)
    return {name: uniform(taps[name].shape, 100 + i, -1, 1) for i, name in enumerate(names)}


def forward_and_gradients():
    layers, weights = vgg19_narrow()
    save(HERE / "vgg19_narrow.safetensors", weights)
    out = {}
    seed, image = steady_picture(layers, (1, 3, 48, 40), 1e-5)
    out["image_seed"] = torch.tensor([seed])
    for name, tap in run(layers, image, TAPS).items():
        out[f"tap.{name}"] = tap
    seeds = seeds_for(layers, image, SEED_TAPS)
    for rule in RULES:
        out[f"gradient.{rule}"] = gradients(layers, image, seeds, rule)
    save(HERE / "vgg19_forward.safetensors", out)


def batch_norm_and_classifiers():
    layers, weights = vgg11_bn_narrow()
    save(HERE / "vgg11_bn_narrow.safetensors", weights)
    names = ["conv3_1", "bn3_1", "relu3_1", "bn4_2", "relu5_2", "fc6", "fc8"]
    seed, image = steady_picture(layers, (2, 3, 64, 48), 1e-5)
    out = {"image_seed": torch.tensor([seed])}
    for name, tap in run(layers, image, names).items():
        out[f"tap.{name}"] = tap
    seeds = seeds_for(layers, image, ["bn4_2", "fc8"])
    out["gradient.fc8"] = gradients(layers, image, {"fc8": seeds["fc8"]}, "standard")
    out["gradient.both"] = gradients(layers, image, seeds, "standard")
    # timm's head slides over maps larger than 7x7, torchvision's pools them to 7x7.
    wide = picture((1, 3, 224, 256), 7)
    out["torchvision.fc8"] = run(layers, wide, ["fc8"])["fc8"]
    out["timm.fc8"] = run(timm_head(layers), wide, ["fc8"])["fc8"]
    save(HERE / "vgg11_bn_forward.safetensors", out)


def style_losses():
    layers, _ = vgg19_narrow()
    content = picture((1, 3, 48, 40), 21)
    styles = [picture((1, 3, 36, 48), 22), picture((1, 3, 48, 40), 23)]
    image = 0.5 * content + 0.5 * picture((1, 3, 48, 40), 24)
    out = {}
    for normalisation in ["johnson", "gatys", "chapter"]:
        for name, blend in [("one", [1.0]), ("two", [0.7, 0.3])]:
            x = image.clone().requires_grad_()
            style = Style(layers, content, styles[:len(blend)], blend, normalisation)
            parts = style.losses(x)
            gradient, = torch.autograd.grad(parts["total"], x)
            prefix = f"{normalisation}.{name}"
            for part, value in parts.items():
                out[f"{prefix}.{part}"] = value.detach().reshape(1)
            if name == "one" or normalisation == "johnson":
                out[f"{prefix}.gradient"] = gradient
    save(HERE / "style_loss.safetensors", out)

    save(HERE / "style_traces.safetensors", style_traces(content, styles[0]))


def style_traces(content, style_image):
    """Losses along 20 steps, in double, and how far float32 comes from them: the largest distance
    so far of several runs whose starts differ by one rounding. From most starts some float32 runs
    part for good, where a unit switches for one and not for the other (1e-2 of the loss is usual);
    taken is the first start from which none does by more than 1e-4."""
    out = {}
    for name, trace in [("adam", adam_trace), ("lbfgs", lbfgs_trace)]:
        for seed in range(25, 100):
            start = picture(content.shape, seed)
            exact = trace(style_in(torch.float64, content, style_image), start)
            rounded = style_in(torch.float32, content, style_image)
            runs = torch.stack([trace(rounded, nudged(start, run)) for run in range(ROUNDED_RUNS)])
            distance = (runs - exact).abs().amax(0).cummax(0).values
            worst = (distance / exact).max().item()
            print(f"{name} from picture {seed}: float32 is off by {worst:.1e}")
            if worst < 1e-4:
                break
        else:
            raise SystemExit(f"{name}: every start throws some float32 run off")
        out[f"{name}.init_seed"] = torch.tensor([seed])
        out[f"{name}.losses"], out[f"{name}.float32_distance"] = exact, distance
    return out


def style_in(dtype, content, style_image):
    layers = [(name, module.to(dtype)) for name, module in vgg19_narrow()[0]]
    return Style(layers, content.to(dtype), [style_image.to(dtype)], [1.0], "johnson")


def nudged(image, run):
    """In float32; run 0 as it is, the others with each pixel up, down or left by one rounding."""
    steps = uniform(image.shape, 400 + run, -1.5, 1.5).round() if run else 0
    return (image * (1 + steps * 2.0**-24)).float()


def real_networks(data):
    out = {}
    for name, (layers, shape) in {
            "vgg19_16x_SE5": (real_vgg19(data), (1, 3, 48, 40)),
            "vgg16_hed": (real_vgg16(data), (1, 3, 48, 40))}.items():
        image = picture(shape, 31)
        taps = run(layers, image, TAPS)
        for tap, value in taps.items():
            out[f"{name}.{tap}"] = sample(value)
        seeds = {tap: uniform(taps[tap].shape, 200 + i, -1, 1) for i, tap in enumerate(TAPS)}
        for rule in RULES:
            out[f"{name}.gradient.{rule}"] = sample(gradients(layers, image, seeds, rule))
        print(name, "switching margin", switching_margin(layers, image))
    save(HERE / "real_networks.safetensors", out)


def sample(value):
    """Every k-th value of the flattened tensor, about 500 of them, k odd."""
    flat = value.flatten()
    return flat[::max(1, flat.numel() // 500) | 1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default=os.environ.get("PHOSPHENE_DATA"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.set_default_dtype(torch.float64)
    HERE.mkdir(exist_ok=True)
    forward_and_gradients()
    batch_norm_and_classifiers()
    style_losses()
    save(HERE / "classifiers.safetensors", classifier_goldens(sample))
    if arguments.data:
        real_networks(Path(arguments.data))


if __name__ == "__main__":
    main()
