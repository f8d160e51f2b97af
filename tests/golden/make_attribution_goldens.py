#!/usr/bin/env python3
"""Writes data/attribution.safetensors: what Captum and pytorch-grad-cam make of real photographs.

    python make_attribution_goldens.py [--data FOLDER]

needs torch, torchvision, captum, grad-cam, numpy, pillow and safetensors, and the test data
(--data or PHOSPHENE_DATA). The peers run in double precision, with the normalisation inside their
model, so that what the tests measure is the engine's error alone; occlusion, which is forward
passes and so as smooth as the network, in float32. Each map is stored as a sample, with the range
and the norm of all of it, and how far the peer's own float32 comes from it: a ReLU or a maximum
that switches through rounding changes a gradient by its whole share. PHOTOGRAPHS are those on which
none does, found by adding 3e-7 of noise to every convolution. Only in integrated gradients of the
larger network, 50 gradients of 3 million units, some always do.
"""
import argparse
import copy
import os
import warnings
from pathlib import Path

import numpy as np
import torch
from captum.attr import (Deconvolution, GuidedBackprop, InputXGradient, IntegratedGradients,
                         LayerGradCam, Occlusion, Saliency)
from PIL import Image
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

from golden_classifiers import GoogLeNet, ResNet20, classifier
from golden_ops import save, uniform

HERE = Path(__file__).parent / "data"
SAMPLES = 1000
ROUNDED_RUNS = 3
# file, the class explained (another than the strongest for the last of each)
PHOTOGRAPHS = {
    "resnet20_cifar10": [("cifar20/cifar10_01_8.png", 8), ("cifar20/cifar10_16_5.png", 7)],
    "googlenet_bvlc": [("imagenet20/imagenet_05_853.jpg", 853),
                       ("imagenet20/imagenet_15_99.jpg", 100)],
}
# tap of the engine -> module of the peer
LAYERS = {
    "resnet20_cifar10": {"layer3.2.conv2": "layer3.2.conv2", "layer2.1.conv1": "layer2.1.conv1"},
    "googlenet_bvlc": {"inception_5b/output": "inception5b", "inception_4c/output": "inception4c"},
}
# patch, stride: the first is the map of every photograph, the others of the first photograph
SWEEPS = {"resnet20_cifar10": [(15, 8), (5, 3)], "googlenet_bvlc": [(60, 45), (15, 8)]}


def photograph(path):
    """[1, 3, h, w] in [0,1] and in float32: as it is where it is small, else halved by the mean of
    2 x 2 pixels, of which the middle 224 x 224."""
    pixels = np.asarray(Image.open(path).convert("RGB")).astype(np.int64)
    if pixels.shape[0] > 224:
        h, w = pixels.shape[0] // 2, pixels.shape[1] // 2
        pixels = pixels[:2 * h, :2 * w].reshape(h, 2, w, 2, 3).sum((1, 3))
        top, left, scale = (h - 224) // 2, (w - 224) // 2, 4 * 255
        pixels = pixels[top:top + 224, left:left + 224]
    else:
        scale = 255
    image = torch.from_numpy(pixels.astype(np.float32) / np.float32(scale))
    return image.permute(2, 0, 1)[None].double()


def gradient_maps(model, image, target):
    return {
        "gradient": Saliency(model).attribute(image, target, abs=False),
        "gradient_x_input": InputXGradient(model).attribute(image, target),
        "guided_backprop": GuidedBackprop(model).attribute(image, target),
        "deconvnet": Deconvolution(model).attribute(image, target),
        "integrated_gradients": IntegratedGradients(model).attribute(
            image, target=target, n_steps=50, internal_batch_size=10),
    }


def cams(model, image, target, layers):
    maps = {}
    for tap, module in layers.items():
        layer = model.get_submodule(module)
        cam = LayerGradCam(model, layer)
        maps[f"grad_cam.{tap}"] = cam.attribute(image, target, relu_attributions=True)
        maps[f"grad_cam_signed.{tap}"] = cam.attribute(image, target)
        maps[f"pytorch_grad_cam.{tap}"] = raw_cam(model, image, target, layer)
    return maps


def raw_cam(model, image, target, layer):
    """pytorch-grad-cam's map before it is enlarged and stretched to [0,1]."""
    image = image.clone().requires_grad_()
    with GradCAM(model=model, target_layers=[layer]) as cam:
        cam(image, [ClassifierOutputTarget(target)])
        hooks = cam.activations_and_grads
        weighted = cam.get_cam_image(image, layer, None, hooks.activations[0].detach().numpy(),
                                     hooks.gradients[0].detach().numpy())
    return torch.from_numpy(np.maximum(weighted, 0))[None]


def sweeps(model, image, target, cases):
    """All channels of Captum's map are the same: one is kept. `model` and `image` in float32."""
    maps = {}
    for patch, stride in cases:
        with torch.no_grad():
            attribution = Occlusion(model).attribute(
                image, sliding_window_shapes=(3, patch, patch), strides=(3, stride, stride),
                target=target, baselines=0, perturbations_per_eval=8)
        maps[f"occlusion.{patch}.{stride}"] = attribution[:, :1]
    return maps


def nudged(image, run):
    """In float32; run 0 as it is, the others with each pixel up, down or left by one rounding."""
    steps = uniform(image.shape, 400 + run, -1.5, 1.5).round() if run else 0
    return (image * (1 + steps * 2.0**-24)).float()


def sample(value):
    """Every k-th value of the flattened tensor, about SAMPLES of them, k odd."""
    flat = value.flatten()
    return flat[::max(1, flat.numel() // SAMPLES) | 1]


def store(out, key, exact, rounded):
    exact = exact.detach()
    span = (exact.max() - exact.min()).item()
    distance = max(((r - exact).abs().max().item() / span for r in rounded), default=0)
    out[f"{key}.sample"] = sample(exact)
    out[f"{key}.whole"] = torch.tensor([exact.min(), exact.max(), exact.norm(), distance])
    print(f"{key}: range {span:.3g}, float32 is off by {distance:.1e} of it", flush=True)


def explain(out, data, name, make):
    model = classifier(make, data, name)
    rounded = copy.deepcopy(model).float()
    for index, (file, target) in enumerate(PHOTOGRAPHS[name]):
        image = photograph(data / "images" / file)
        key = f"{name}.{index}"
        out[f"{key}.pixels"] = torch.tensor([image.sum(), image.square().sum()])
        out[f"{key}.logits"] = model(image)[0, :10]
        print(key, "strongest", model(image).argmax().item(), "explained", target, flush=True)
        starts = [nudged(image, run) for run in range(ROUNDED_RUNS)]
        again = [gradient_maps(rounded, start, target) for start in starts]
        for method, exact in gradient_maps(model, image, target).items():
            store(out, f"{key}.{method}", exact, [maps[method].detach().double() for maps in again])
        again = [cams(rounded, start, target, LAYERS[name]) for start in starts]
        for method, exact in cams(model, image, target, LAYERS[name]).items():
            store(out, f"{key}.{method}", exact, [maps[method].detach().double() for maps in again])
        cases = SWEEPS[name] if index == 0 else SWEEPS[name][:1]
        for method, attribution in sweeps(rounded, image.float(), target, cases).items():
            store(out, f"{key}.{method}", attribution.double(), [])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default=os.environ.get("PHOSPHENE_DATA"), required=False)
    arguments = parser.parse_args()
    if not arguments.data:
        parser.error("the test data is needed: --data or PHOSPHENE_DATA")
    warnings.filterwarnings("ignore", module="captum|torch")
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.set_default_dtype(torch.float64)
    out = {}
    explain(out, Path(arguments.data), "resnet20_cifar10", ResNet20)
    explain(out, Path(arguments.data), "googlenet_bvlc", GoogLeNet)
    save(HERE / "attribution.safetensors", out)


if __name__ == "__main__":
    main()
