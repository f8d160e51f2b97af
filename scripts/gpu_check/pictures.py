"""Reads the pictures and arrays that the apps write, and says how far two of them are apart."""
import ast
import math
import struct
import zlib
from array import array

CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}  # of PNG's colour types
TYPES = {"<f4": "f", "<f8": "d", "<i4": "i", "<i8": "q", "|u1": "B"}


def unfilter(kind, line, above, channels):
    """PNG's prediction from the pixel to the left (a), above (b) and above left (c), undone."""
    for x, value in enumerate(line):
        a = line[x - channels] if x >= channels else 0
        b = above[x]
        if kind == 1:
            predicted = a
        elif kind == 2:
            predicted = b
        elif kind == 3:
            predicted = (a + b) >> 1
        else:
            c = above[x - channels] if x >= channels else 0
            to_a, to_b, to_c = abs(b - c), abs(a - c), abs(a + b - 2 * c)
            predicted = a if to_a <= to_b and to_a <= to_c else b if to_b <= to_c else c
        line[x] = (value + predicted) & 255


def read_png(path):
    """(shape, values) of a PNG with 8 bits a channel, not interlaced: what the apps write."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError(f"{path}: not a PNG")
    at, packed, header = 8, b"", None
    while at + 12 <= len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        if kind == b"IHDR":
            header = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            packed += body
        at += 12 + length
    width, height, bits, colours, _, _, interlaced = header
    if bits != 8 or interlaced or colours not in CHANNELS:
        raise ValueError(f"{path}: {bits} bits, colour type {colours}: expected 8 bits a channel")
    channels = CHANNELS[colours]
    stride, raw = width * channels, zlib.decompress(packed)
    values, above = bytearray(), bytearray(stride)
    for row in range(height):
        start = row * (stride + 1)
        line = bytearray(raw[start + 1:start + 1 + stride])
        if raw[start]:
            unfilter(raw[start], line, above, channels)
        values += line
        above = line
    return (height, width, channels), values


def read_npy(path):
    with open(path, "rb") as file:
        data = file.read()
    if data[:6] != b"\x93NUMPY":
        raise ValueError(f"{path}: not a .npy file")
    length, = struct.unpack("<H", data[8:10]) if data[6] == 1 else struct.unpack("<I", data[8:12])
    start = (10 if data[6] == 1 else 12) + length
    header = ast.literal_eval(data[start - length:start].decode())
    values = array(TYPES[header["descr"]])
    values.frombytes(data[start:])
    return header["shape"], values


def compare(one, other):
    """PSNR in dB (infinite where all is the same) and the largest difference: in levels of 255 of
    pictures, as a share of the range of the values of arrays. Raises ValueError where they cannot be
    compared."""
    picture = one.endswith(".png")
    (shape, a), (other_shape, b) = (read_png(path) if picture else read_npy(path)
                                    for path in (one, other))
    if shape != other_shape or len(a) != len(b):
        raise ValueError(f"{one} is {shape}, {other} is {other_shape}")
    if len(a) == 0:
        raise ValueError(f"{one}: empty")
    if not picture and not all(math.isfinite(value) for values in (a, b) for value in values):
        raise ValueError(f"{one} or {other} has values that are not finite")
    span = 255 if picture else max(b) - min(b)
    if a == b:
        return {"psnr": math.inf, "largest": 0.0, "differ": 0.0, "flat": min(b) == max(b)}
    differences = [abs(x - y) for x, y in zip(a, b)]
    if span == 0:
        raise ValueError(f"{other}: one value throughout, and {one} differs from it")
    mean = sum(d * d for d in differences) / len(differences) / span ** 2
    return {"psnr": -10 * math.log10(mean) if mean > 0 else math.inf,
            "largest": max(differences) / (1 if picture else span),
            "differ": sum(d > 0 for d in differences) / len(differences),
            "flat": min(b) == max(b)}
