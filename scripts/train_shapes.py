#!/usr/bin/env python3
"""Trains the bundled classifier of phosphene::shapes and writes models/shapes.safetensors.

    python3 scripts/train_shapes.py MAKE_SHAPES OUT.safetensors [--pictures N] [--epochs N]

MAKE_SHAPES is the program of that name (build/cpu/samples/make_shapes), which draws the pictures.
The network is a ResNet of three stages of one basic block (He et al. 2016) under torchvision's
names, for 64 px: a 3x3 stem of stride 2, stages of 24, 48 and 96 channels, projection shortcuts,
global average pooling and a linear layer, so that its last maps are 8x8. It learns from seed 1,
with the eight turns and mirror images of every picture and its channels in any order, none of which
changes a shape. Nothing is chosen by the accuracy that is printed at the end: it is on seed 2,
which training never sees. Needs PyTorch and numpy; about seven minutes of one core.
"""

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path

import numpy
import torch
from torch import nn
from torch.nn import functional

from convert_weights import from_numpy, write_safetensors

LABELS = ["disc", "ring", "square", "triangle", "star", "cross", "crescent", "heart"]
SIZE = 64
MEAN, STD = (0.45, 0.45, 0.45), (0.25, 0.25, 0.25)
TRAINING_SEED, HELD_SEED = 1, 2
WIDTHS = (24, 48, 96)
BATCH = 128


class Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            projection = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(projection, nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        return functional.relu(y + (x if self.downsample is None else self.downsample(x)))


class ShapesNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, WIDTHS[0], 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(WIDTHS[0])
        self.layer1 = nn.Sequential(Block(WIDTHS[0], WIDTHS[0], 1))
        self.layer2 = nn.Sequential(Block(WIDTHS[0], WIDTHS[1], 2))
        self.layer3 = nn.Sequential(Block(WIDTHS[1], WIDTHS[2], 2))
        self.fc = nn.Linear(WIDTHS[2], len(LABELS))

    def forward(self, pixels):
        mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))
        x = functional.relu(self.bn1(self.conv1((pixels - mean) / std)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(x.mean((2, 3)))


def draw(program: str, seed: int, count: int):
    """Pictures [count, 3, 64, 64] of bytes, and their labels."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shapes.bin"
        subprocess.run([program, str(seed), str(count), str(path)], check=True)
        records = numpy.fromfile(path, dtype=numpy.uint8).reshape(count, 1 + 3 * SIZE * SIZE)
    pictures = torch.from_numpy(records[:, 1:].copy()).view(count, 3, SIZE, SIZE)
    return pictures, torch.from_numpy(records[:, 0].astype(numpy.int64))


def varied(pictures, generator):
    """One of the eight symmetries of the square and one order of the channels for the batch."""
    turns, mirror = torch.randint(0, 4, (1,), generator=generator), torch.rand(1, generator=generator)
    pictures = torch.rot90(pictures, int(turns), (2, 3))
    if mirror < 0.5:
        pictures = pictures.flip(3)
    return pictures[:, torch.randperm(3, generator=generator)]


def to_pixels(pictures):
    return (pictures.float() / 255).contiguous(memory_format=torch.channels_last)


def train(network, pictures, labels, epochs: int):
    generator = torch.Generator().manual_seed(0)
    optimiser = torch.optim.SGD(
        network.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4, nesterov=True
    )
    steps = len(pictures) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=0.2, epochs=epochs, steps_per_epoch=steps, pct_start=0.2
    )
    network.train()
    start = time.time()
    for epoch in range(epochs):
        order = torch.randperm(len(pictures), generator=generator)
        losses = []
        for step in range(steps):
            chosen = order[step * BATCH : (step + 1) * BATCH]
            quarters = [varied(pictures[part], generator) for part in chosen.chunk(4)]
            scores = network(to_pixels(torch.cat(quarters)))
            loss = functional.cross_entropy(scores, labels[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
            if step % 48 == 47:
                mean = sum(losses[-48:]) / 48
                print(f"epoch {epoch + 1} step {step + 1} loss {mean:.4f} {time.time() - start:.0f} s",
                      flush=True)


def accuracy(network, pictures, labels) -> float:
    network.eval()
    with torch.no_grad():
        right = [
            (network(to_pixels(pictures[i : i + BATCH])).argmax(1) == labels[i : i + BATCH]).sum()
            for i in range(0, len(pictures), BATCH)
        ]
    return float(sum(right)) / len(pictures)


def write(network, path: Path):
    tensors = {}
    for name, value in network.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        tensors[name] = from_numpy(name, value.half().contiguous().numpy())
    colours = [",".join(f"{v:g}" for v in values) for values in (MEAN, STD)]
    write_safetensors(
        path,
        tensors,
        {
            "model": "resnet8_shapes",
            "input": f"1x3x{SIZE}x{SIZE} RGB float [0,1] minus ({colours[0]}) over ({colours[1]})",
            "input_size": str(SIZE),
            "labels": json.dumps(LABELS),
            "source": "scripts/train_shapes.py on phosphene::shapes, seed 1",
            "licence": "Apache-2.0",
        },
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("make_shapes")
    parser.add_argument("out", type=Path)
    parser.add_argument("--pictures", type=int, default=24576)
    parser.add_argument("--epochs", type=int, default=6)
    arguments = parser.parse_args()

    torch.manual_seed(0)
    torch.set_num_threads(1)
    network = ShapesNet().to(memory_format=torch.channels_last)
    train(network, *draw(arguments.make_shapes, TRAINING_SEED, arguments.pictures),
          arguments.epochs)
    with torch.no_grad():
        for value in network.state_dict().values():  # as the file will hold them
            if value.is_floating_point():
                value.copy_(value.half().float())
    write(network, arguments.out)
    held = accuracy(network, *draw(arguments.make_shapes, HELD_SEED, 2000))
    print(f"{arguments.out}: {held:.2%} of 2000 pictures of seed {HELD_SEED}")


if __name__ == "__main__":
    main()
