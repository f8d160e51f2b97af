#!/usr/bin/env python3
"""Writes data/minimal.safetensors: Foolbox's DeepFool and Carlini-Wagner L2 on two classifiers.

    python make_minimal_goldens.py MAKE_SHAPES [--data FOLDER]

MAKE_SHAPES is the program of that name (build/cpu/samples/make_shapes), which draws the pictures of
the bundled classifier. Needs torch, foolbox, numpy and safetensors, and the test data (--data or
PHOSPHENE_DATA). The networks are the same arrays in PyTorch, normalisation inside.

Of DeepFool there is the first step from clean images, and from iterates of a run rounded to 8 bits,
in double precision, with how far float32 comes from it; and the norms of whole runs in float32.
Carlini-Wagner runs on one image after the other, since Foolbox's early stop sums over the batch.
"""
import argparse
import os
import sys
from pathlib import Path

import foolbox
import numpy as np
import torch
from safetensors.torch import load_file

from golden_classifiers import ResNet20, classifier
from golden_ops import save

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
from train_shapes import ShapesNet, draw  # noqa: E402

HERE = Path(__file__).parent / "data"
ATTACKS = {"l2": foolbox.attacks.L2DeepFoolAttack, "linf": foolbox.attacks.LinfDeepFoolAttack}
# set: images of DeepFool's runs, images of Carlini-Wagner's, (searches, steps, rate, first c)
RUNS = {"shapes": (32, 8, (4, 40, 0.02, 0.1)), "resnet20": (64, 16, (4, 40, 0.02, 0.1))}
STEPS_FROM = 4  # images whose first step is stored, clean ones and iterates each


def shapes_net():
    model = ShapesNet().eval()
    arrays = load_file(ROOT / "models" / "shapes.safetensors")
    model.load_state_dict({k: v.float() for k, v in arrays.items()}, strict=False)
    return model.requires_grad_(False)


def peer(model):
    return foolbox.PyTorchModel(model, bounds=(0, 1), device="cpu")


def moved(net, attack, images, labels):
    """Where the attack leaves the images, from where they were."""
    raw = attack.run(peer(net), images, labels)
    return raw - images


def sampled(rows):
    """tests/golden/golden.cpp's samples of each."""
    flat = rows.flatten(1)
    return flat[:, ::max(1, flat.shape[1] // 500) | 1]


def steps(net, attack, images, labels):
    """The first step of each image in double, and the distance of float32's from it."""
    one = attack(steps=1)
    exact = moved(net.double(), one, images.double(), labels)
    rounded = moved(net.float(), one, images, labels).double()
    norms = exact.flatten(1).norm(dim=1)
    error = (rounded - exact).flatten(1).norm(dim=1) / norms
    print("  float32 of a step comes within", error.tolist())
    return sampled(exact), norms, error


def iterates(net, images, labels):
    """Second iterates, rounded to 8 bits, that do not fool yet; as whole numbers."""
    after = images + moved(net, ATTACKS["l2"](steps=1), images, labels)
    levels = (after * 255).round()
    keep = (net(levels / 255).argmax(1) == labels).nonzero().flatten()[:STEPS_FROM]
    return levels[keep], keep


def run(name, net, pictures, labels):
    images = (pictures.double() / 255).float()
    right = (net(images).argmax(1) == labels).nonzero().flatten()
    many, few, budget = RUNS[name]
    chosen = right[:many]
    stored = {f"{name}.images": chosen, f"{name}.budget": torch.tensor(budget)}
    images, labels = images[chosen], labels[chosen]
    levels, keep = iterates(net, images, labels)
    stored[f"{name}.iterates"] = levels.half()
    stored[f"{name}.iterate_labels"] = labels[keep]
    starts = torch.cat([images[:STEPS_FROM], levels / 255])
    start_labels = torch.cat([labels[:STEPS_FROM], labels[keep]])
    for norm, attack in ATTACKS.items():
        some, norms, error = steps(net, attack, starts, start_labels)
        stored.update({f"{name}.{norm}.step": some, f"{name}.{norm}.step_norm": norms,
                       f"{name}.{norm}.step_error": error})
        found = moved(net.float(), attack(), images, labels)
        fooled = net(images + found).argmax(1) != labels
        order = 2 if norm == "l2" else float("inf")
        stored[f"{name}.{norm}.norms"] = found.flatten(1).norm(order, dim=1)
        print(name, norm, "fooled", int(fooled.sum()), "mean", found.flatten(1).norm(order, dim=1).mean())
    searches, count, rate, first = budget
    attack = foolbox.attacks.L2CarliniWagnerAttack(binary_search_steps=searches, steps=count,
                                                   stepsize=rate, initial_const=first)
    norms = torch.stack([moved(net, attack, images[i:i + 1], labels[i:i + 1]).norm()
                         for i in range(few)])
    stored[f"{name}.cw.norms"] = norms
    print(name, "Carlini-Wagner", norms.tolist(), "mean", norms.mean())
    return stored


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("make_shapes")
    parser.add_argument("--data", default=os.environ.get("PHOSPHENE_DATA"))
    arguments = parser.parse_args()
    torch.manual_seed(0)
    stored = run("shapes", shapes_net(), *draw(arguments.make_shapes, 2, 64))
    if arguments.data is None:
        raise SystemExit("--data or PHOSPHENE_DATA: where the test data is")
    data = Path(arguments.data)
    records = np.fromfile(data / "cifar10" / "test_first1000.bin", dtype=np.uint8)
    records = torch.from_numpy(records.reshape(-1, 3073)[:100].copy())
    net = classifier(ResNet20, data, "resnet20_cifar10").float()
    stored.update(run("resnet20", net, records[:, 1:].reshape(-1, 3, 32, 32),
                      records[:, 0].long()))
    save(HERE / "minimal.safetensors", stored)


if __name__ == "__main__":
    main()
