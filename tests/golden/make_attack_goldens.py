#!/usr/bin/env python3
"""Writes data/attacks.safetensors: torchattacks' gradient attacks, step by step.

    python make_attack_goldens.py [--data FOLDER]

needs torch, torchattacks, numpy, safetensors and torchvision, and the test data (--data or
PHOSPHENE_DATA). The peer runs in double precision. Of each step of BIM its gradient's sign at every
element is stored, and whether its magnitude is at or below 1e-5 of the largest: the test builds the
peer's iterates of the signs, and compares the engine's gradient at each. Of the whole run of every
method the loss and the success are stored. Pictures are the first on which the peer's own float32
has the double's signs wherever they are compared: elsewhere a ReLU switches through rounding.
"""
import argparse
import os
import sys
from pathlib import Path

import numpy as np
import torch
import torchattacks
from safetensors.torch import load_file
from torch import nn

from golden_classifiers import ResNet20, classifier
from golden_networks import Normalise
from golden_ops import picture, save

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "scripts"))
from train_shapes import ShapesNet  # noqa: E402

SMALL = 1e-5  # of the largest magnitude: below it signs are not compared
STEPS = 10
PER_FLOAT = 10  # base-5 digits
# epsilon, pictures, steps that are replayed
CASES = {"resnet20_cifar10": (1 / 255, 3, 10), "convexadv_cifar_small_8px": (8 / 255, 3, 10),
         "shapes": (1 / 255, 1, 5)}
EPSILON_L2 = 0.25


def convexadv():
    layers = [nn.Conv2d(3, 16, 4, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 4, 2, 1), nn.ReLU(),
              nn.Flatten(), nn.Linear(2048, 100), nn.ReLU(), nn.Linear(100, 10)]
    model = nn.Sequential()
    model.add_module("normalise", Normalise([0.485, 0.456, 0.406], [0.225, 0.225, 0.225]))
    for i, layer in enumerate(layers):
        model.add_module(str(i), layer)
    return model


def shapes():
    model = ShapesNet().double().eval()
    weights = load_file(HERE.parents[1] / "models/shapes.safetensors")
    model.load_state_dict({k: v.double() for k, v in weights.items()}, strict=False)
    return model


def cifar(data):
    records = np.fromfile(data / "cifar10/test_first1000.bin", dtype=np.uint8).reshape(-1, 3073)
    # float32 first: what the engine has of a pixel.
    pixels = (records[:, 1:].astype(np.float32) / np.float32(255)).astype(np.float64)
    return torch.from_numpy(pixels.reshape(-1, 3, 32, 32)), torch.from_numpy(
        records[:, 0].astype(np.int64))


class Recorder:
    """Keeps the gradients that torchattacks asks autograd for, and where."""

    def __init__(self):
        self.gradients, self.points, self.grad = [], [], torch.autograd.grad

    def __enter__(self):
        def recorded(cost, x, **options):
            gradient = self.grad(cost, x, **options)
            self.points.append(x.detach().clone())
            self.gradients.append(gradient[0])
            return gradient
        torch.autograd.grad = recorded
        return self

    def __exit__(self, *_):
        torch.autograd.grad = self.grad


def digits(gradient):
    """0: zero; 1, 2: negative, positive and compared; 3, 4: the same, too small to be compared."""
    small = gradient.abs() <= SMALL * gradient.abs().max()
    code = torch.where(gradient < 0, 1, torch.where(gradient > 0, 2, 0))
    return torch.where(small & (code > 0), code + 2, code)


def packed(code):
    flat = code.flatten().numpy().astype(np.int64)
    flat = np.concatenate([flat, np.zeros(-len(flat) % PER_FLOAT, dtype=np.int64)])
    return torch.from_numpy(flat.reshape(-1, PER_FLOAT) @ 5 ** np.arange(PER_FLOAT)).float()


def gradient_at(model, x, label):
    x = x.clone().requires_grad_(True)
    return torch.autograd.grad(nn.functional.cross_entropy(model(x), label), x)[0]


def agrees_in_float(model, points, gradients, label):
    """Whether the same network in float32 has these signs, where they are compared."""
    single = {}
    model.float()
    for i, point in enumerate(points):
        single[i] = gradient_at(model, point.float(), label)
    model.double()
    for i, gradient in enumerate(gradients):
        compared = gradient.abs() > SMALL * gradient.abs().max()
        if not torch.equal(gradient.sign()[compared], single[i].double().sign()[compared]):
            return False
    return True


def methods(model, epsilon):
    alpha = epsilon / 4
    return {
        "fgsm": torchattacks.FGSM(model, eps=epsilon),
        "bim": torchattacks.BIM(model, eps=epsilon, alpha=alpha, steps=STEPS),
        "pgd": torchattacks.PGD(model, eps=epsilon, alpha=alpha, steps=STEPS, random_start=False),
        "mifgsm": torchattacks.MIFGSM(model, eps=epsilon, alpha=alpha, steps=STEPS, decay=1.0),
        "pgd_l2": torchattacks.PGDL2(model, eps=EPSILON_L2, alpha=EPSILON_L2 / 4, steps=STEPS,
                                     random_start=False),
    }


def replay(name, model, images, labels, tensors):
    epsilon, wanted, steps = CASES[name]
    chosen = []
    for i in range(len(images)):
        if len(chosen) == wanted:
            break
        x, label = images[i:i + 1], labels[i:i + 1]
        if model(x).argmax(1) != label:
            continue
        with Recorder() as recorder:
            torchattacks.PGD(model, eps=epsilon, alpha=epsilon / 4, steps=steps,
                             random_start=False)(x, label)
        if not agrees_in_float(model, recorder.points, recorder.gradients, label):
            continue
        tensors[f"{name}.signs.{len(chosen)}"] = torch.stack(
            [packed(digits(gradient)) for gradient in recorder.gradients])
        chosen.append(i)
    tensors[f"{name}.pictures"] = torch.tensor(chosen)
    x, label = images[chosen], labels[chosen]
    tensors[f"{name}.labels"] = label
    for method, attack in methods(model, epsilon).items():
        logits = model(attack(x, label))
        tensors[f"{name}.{method}"] = torch.stack(
            [nn.functional.cross_entropy(logits, label, reduction="none"),
             (logits.argmax(1) != label).double()])
    print(name, chosen, {m: tensors[f"{name}.{m}"].tolist() for m in methods(model, epsilon)})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default=os.environ.get("PHOSPHENE_DATA"))
    data = Path(parser.parse_args().data)
    torch.set_num_threads(2)
    tensors = {}
    images, labels = cifar(data)
    for name, make in [("resnet20_cifar10", ResNet20), ("convexadv_cifar_small_8px", convexadv)]:
        replay(name, classifier(make, data, name), images[:200], labels[:200], tensors)
    model = shapes()
    images = picture((24, 3, 64, 64), 1)
    replay("shapes", model, images, model(images).argmax(1).detach(), tensors)
    save(HERE / "data/attacks.safetensors", tensors)


if __name__ == "__main__":
    main()
