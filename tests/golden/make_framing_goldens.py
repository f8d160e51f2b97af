#!/usr/bin/env python3
"""Writes data/framing.safetensors: squares that Pillow and torchvision cut out of pictures of noise.

    python make_framing_goldens.py

needs numpy, pillow, torchvision and safetensors (it was run with Pillow 13.0.0 and torchvision
0.29.2). Each picture is h x w pixels of levels(); "h.w.size" is Resize(size) and CenterCrop(size)
of it as 8-bit levels, [3, size, size]. Pillow from 13 on resizes the columns of some narrow
pictures first, which moves single pixels by a level: none of these is one. With --photographs
FOLDER it prints instead the CRC-32 of the square of 224 pixels of each photograph there: what the
test of the real ones has.
"""
import argparse
import pathlib
import zlib

import numpy as np
from PIL import Image
from safetensors.numpy import save_file
from torchvision import transforms

DATA = pathlib.Path(__file__).parent / "data"
CASES = [(37, 53, 16), (53, 37, 20), (11, 9, 24), (100, 61, 7), (16, 25, 16), (30, 200, 5)]


def levels(h, w):
    """[h, w, 3]: a byte of a linear congruential generator for each, plane by plane."""
    state, out = 1, np.empty(3 * h * w, np.uint8)
    for i in range(out.size):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        out[i] = state >> 56
    return out.reshape(3, h, w).transpose(1, 2, 0)


def framed(image, size):
    pipeline = transforms.Compose([transforms.Resize(size), transforms.CenterCrop(size)])
    return np.ascontiguousarray(np.asarray(pipeline(image)).transpose(2, 0, 1))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--photographs", type=pathlib.Path)
    folder = parser.parse_args().photographs
    if folder:
        for path in sorted(folder.iterdir()):
            square = framed(Image.open(path).convert("RGB"), 224)
            print(f'{{"{path.name}", 0x{zlib.crc32(square.tobytes()):08x}}},')
        return
    save_file({f"{h}.{w}.{size}": framed(Image.fromarray(levels(h, w)), size).astype(np.float32)
               for h, w, size in CASES}, DATA / "framing.safetensors")


if __name__ == "__main__":
    main()
