#!/usr/bin/env python3
"""Writes data/autoattack.safetensors: the original AutoAttack, step by step.

    python make_autoattack_goldens.py [--data FOLDER] [--images N]

needs torch, numpy, safetensors and pyautoattack 0.2.0 (the original's code as a package). What is
replayed in the engine is what happened between two evaluations of a small random network: points,
losses, gradients and class differences go into the file, the network itself does not. With the test
data (--data or PHOSPHENE_DATA) it also holds which of the first N pictures of test_first1000.bin
stay robust under the whole suite (convexadv at 8/255); that takes some minutes.
"""
import argparse
import os
from pathlib import Path

import numpy as np
import torch
from pyautoattack.autoattack import AutoAttack
from pyautoattack.autopgd_base import APGDAttack, APGDAttack_targeted
from pyautoattack.fab_base import FABAttack
from pyautoattack.fab_projections import projection_l2, projection_linf
from pyautoattack.square import SquareAttack
from safetensors.torch import load_file
from torch import nn

from golden_ops import save

HERE = Path(__file__).parent / "data"
SIDE, CLASSES, IMAGES = 3, 6, 2
EPSILON = {"Linf": 0.08, "L2": 0.4}


def network(seed):
    """A hard one: the attacks neither succeed at once nor all fail."""
    generator = torch.Generator().manual_seed(seed)
    first = torch.randn(40, 3 * SIDE * SIDE, generator=generator)
    second = torch.randn(CLASSES, 40, generator=generator)

    def predict(x):
        return torch.tanh((x.flatten(1) - .5) @ first.T) @ second.T

    return predict


class Recorder:
    """Every batch of images that a network is asked for with its gradient."""

    def __init__(self, predict):
        self.predict, self.points = predict, []

    def __call__(self, x):
        if torch.is_grad_enabled():
            self.points.append(x.detach().clone())
        return self.predict(x)


def apgd(norm, targeted, arrays):
    """Points [steps + 1, images, n], their losses and gradients."""
    predict = network(1)
    x = torch.rand(IMAGES, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(2))
    y = predict(x).argmax(1)
    recorder = Recorder(predict)
    common = dict(n_iter=100, norm=norm, eps=EPSILON[norm], seed=0, device="cpu")
    torch.manual_seed(0)
    if targeted:
        attack = APGDAttack_targeted(recorder, **common)
        attack.y_target = predict(x).argsort(1)[:, -2]
        loss = lambda z: attack.dlr_loss_targeted(z, y)
    else:
        attack = APGDAttack(recorder, loss="ce", **common)
        loss = lambda z: torch.nn.functional.cross_entropy(z, y, reduction="none")
    attack.init_hyperparam(x)
    with torch.no_grad():
        attack.attack_single_run(x, y)
    points = torch.stack(recorder.points)
    assert len(points) == 101
    losses, gradients = [], []
    for point in points:
        point = point.clone().requires_grad_()
        value = loss(predict(point))
        losses.append(value.detach())
        gradients.append(torch.autograd.grad(value.sum(), point)[0])
    name = f"apgd_{norm}_{'dlr' if targeted else 'ce'}_"
    arrays[name + "clean"] = x.flatten(1)
    arrays[name + "points"] = points.flatten(2)
    arrays[name + "losses"] = torch.stack(losses)
    arrays[name + "gradients"] = torch.stack(gradients).flatten(2)


class RecordedFab(FABAttack):
    """Point, class difference, gradient and next point of each iteration."""

    def __init__(self, predict, norm):
        super().__init__(norm=norm, n_iter=40, eps=.1, device="cpu", targeted=True)
        self.predict, self.steps, self.label_calls = predict, [], []

    def _predict_fn(self, x):
        return self.predict(x)

    def _get_predicted_label(self, x):
        self.label_calls.append(x.detach().clone())
        return self.predict(x).argmax(1)

    def get_diff_logits_grads_batch_targeted(self, images, label, target):
        x = images.clone().requires_grad_()
        u = torch.arange(len(x))
        with torch.enable_grad():
            z = self.predict(x)
            difference = z[u, target] - z[u, label]
            gradient = torch.autograd.grad(difference.sum(), x)[0]
        self.steps.append((images.detach().clone(), difference.detach(), gradient))
        return difference.detach().unsqueeze(1), gradient.unsqueeze(1)


def fab(norm, arrays):
    predict = network(3)
    x = torch.rand(IMAGES, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(4))
    attack = RecordedFab(predict, norm)
    attack.target_class = 2
    attack.attack_single_run(x, predict(x).argmax(1), is_targeted=True)
    after = torch.stack(attack.label_calls[1:])  # the first is of the clean images
    name = f"fab_{norm}_"
    arrays[name + "clean"] = x.flatten(1)
    arrays[name + "points"] = torch.stack([s[0] for s in attack.steps]).flatten(2)
    arrays[name + "differences"] = torch.stack([s[1] for s in attack.steps])
    arrays[name + "gradients"] = torch.stack([s[2] for s in attack.steps]).flatten(2)
    arrays[name + "after"] = after.flatten(2)


def projections(arrays):
    """Points onto planes, in double: through the box, beyond it, with weights of 0, of one element
    alone, from a corner, and a plane on which the point lies."""
    generator = torch.Generator().manual_seed(5)
    t = torch.rand(8, 31, generator=generator)
    w = torch.randn(8, 31, generator=generator)
    c = torch.tensor([1., -2., 1e3, -1e3, .05, 3., -.5, 0.])
    w[1, ::3] = 0
    w[4] = 0
    w[4, 7] = .25
    t[5] = (torch.arange(31) % 2).float()
    w[6] *= 1e-3
    b = ((w.double() * t.double()).sum(1) - c.double())
    arrays["planes_points"], arrays["planes_weights"], arrays["planes_values"] = t, w, c
    for name, project in (("linf", projection_linf), ("l2", projection_l2)):
        arrays["planes_" + name] = project(t.double(), w.double(), b).float()


def square(arrays):
    attack = SquareAttack(None, n_queries=5000, eps=.1, norm="L2", resc_schedule=False, device="cpu")
    fractions = np.array([attack.p_selection(i) for i in range(5000)])
    first = np.flatnonzero(np.diff(fractions)) + 1
    arrays["square_changes"] = torch.tensor(np.concatenate([[0], first]).astype(np.float32))
    arrays["square_fractions"] = torch.tensor(
        np.concatenate([[fractions[0]], fractions[first]]).astype(np.float32))
    for side in (1, 2, 5, 13):
        torch.manual_seed(0)
        bump = attack.eta(side)
        upright = bump[0].sum() > 0 if side > 1 else True
        arrays[f"square_bump_{side}"] = bump if upright and bump[0].min() * bump[0].max() > 0 \
            else bump.T.contiguous()


class Convexadv(nn.Module):
    """Wong and Kolter's small network for CIFAR-10, as the weights file describes it."""

    def __init__(self, file):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 16, 4, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 4, 2, 1), nn.ReLU(),
            nn.Flatten(), nn.Linear(2048, 100), nn.ReLU(), nn.Linear(100, 10))
        self.features.load_state_dict(load_file(file))
        self.mean = torch.tensor([.485, .456, .406]).view(1, 3, 1, 1)

    def forward(self, x):
        return self.features((x - self.mean) / .225)


def suite(data, count, arrays):
    model = Convexadv(data / "weights/convexadv_cifar_small_8px.safetensors").eval()
    raw = np.fromfile(data / "cifar10/test_first1000.bin", np.uint8).reshape(-1, 3073)[:count]
    x = torch.tensor(raw[:, 1:].reshape(-1, 3, 32, 32).astype(np.float32) / 255)
    y = torch.tensor(raw[:, 0].astype(np.int64))
    for norm, epsilon in (("Linf", 8 / 255), ("L2", .5)):
        attack = AutoAttack(model, norm=norm, eps=epsilon, seed=0)
        _, predicted = attack.run_standard_evaluation(x, y, batch_size=250)
        arrays[f"robust_convexadv_{norm}"] = (predicted == y).float()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("PHOSPHENE_DATA"))
    parser.add_argument("--images", type=int, default=200)
    args = parser.parse_args()
    arrays = {}
    for norm in ("Linf", "L2"):
        apgd(norm, False, arrays)
        apgd(norm, True, arrays)
        fab(norm, arrays)
    projections(arrays)
    square(arrays)
    if args.data:
        suite(args.data, args.images, arrays)
    save(HERE / "autoattack.safetensors", arrays)


if __name__ == "__main__":
    main()
