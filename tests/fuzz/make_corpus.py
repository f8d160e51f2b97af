#!/usr/bin/env python3
"""Writes corpus/: a few good inputs for each fuzz target, from which its mutations start.

Python's library alone; the JPEGs are put together by hand. The same files every time:
    python3 tests/fuzz/make_corpus.py
"""

import json
import pathlib
import struct
import zlib

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"


def write(target, files):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


# --- safetensors ---


def safetensors(tensors, metadata=None):
    """tensors: {name: (dtype, shape, bytes)}"""
    header, data = ({"__metadata__": metadata} if metadata else {}), b""
    for name, (dtype, shape, values) in tensors.items():
        offsets = [len(data), len(data) + len(values)]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": offsets}
        data += values
    text = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text)) + text + data


def halves(shape, dtype="F16"):
    count = 1
    for extent in shape:
        count *= extent
    one = {"F16": b"\x00\x3c", "BF16": b"\x80\x3f"}[dtype]
    return dtype, shape, one * count


def weights_files():
    dtypes = {
        "f32": ("F32", [2], struct.pack("<2f", 1, -2)),
        "f16": halves([1, 2]),
        "bf16": halves([2], "BF16"),
        "f64": ("F64", [], struct.pack("<d", 0.5)),
        "steps.num_batches_tracked": ("I64", [1], struct.pack("<q", 3)),
        "none": ("F32", [0, 3], b""),
    }
    vgg = {
        "features.0.weight": halves([1, 3, 3, 3]),
        "features.0.bias": halves([1]),
        "features.3.weight": halves([2, 1, 3, 3]),
        "features.3.bias": halves([2]),
    }
    norm = {f"features.1.{part}": halves([1]) for part in
            ("weight", "bias", "running_mean", "running_var")}
    vgg_bn = {"features.0.weight": vgg["features.0.weight"], **norm}
    keras = {
        "conv0.weight": halves([3, 3, 1, 1]),
        "conv0.bias": halves([3]),
        "conv11.weight": halves([1, 3, 3, 3]),
        "conv11.bias": halves([1]),
    }
    sequence = {
        "0.weight": halves([1, 3, 4, 4]),
        "0.bias": halves([1]),
        "2.weight": halves([1, 1, 4, 4]),
        "2.bias": halves([1]),
        "5.weight": halves([1, 4]),
        "5.bias": halves([1]),
        "7.weight": halves([2, 1]),
        "7.bias": halves([2]),
    }
    named = {"model": "convexadv_cifar_small", "input": "RGB (x/255-mean)/0.225", "input_size": "8",
             "mean": "0.485,0.456,0.406", "labels": '["cat", "dog"]'}
    scaled = {"model": "vgg11", "input": "BGR 0..255 minus (104,117,123)", "padding": "reflect"}
    return {
        "empty": safetensors({}),
        "dtypes": safetensors(dtypes, {"licence": "none"}),
        "vgg": safetensors(vgg, scaled),
        "vgg_bn": safetensors(vgg_bn, {"model": "vgg11_bn"}),
        "vgg_normalised": safetensors(keras, {"arch": "reflect"}),
        "sequence": safetensors(sequence, named),
    }


# --- npy ---


def npy(descr, shape, values, major=1):
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return (b"\x93NUMPY" + bytes([major, 0]) + struct.pack("<H" if major == 1 else "<I", len(text))
            + text + values)


def npy_files():
    return {
        "f4.npy": npy("<f4", (2, 1), struct.pack("<2f", 1, -2)),
        "f8.npy": npy("<f8", (1,), struct.pack("<d", 0.5), 2),
        "f2.npy": npy("<f2", (1, 1, 1, 2), b"\x00\x3c\x00\xc0"),
        "i8.npy": npy("<i8", (), struct.pack("<q", -3)),
        "b1.npy": npy("|b1", (2,), b"\0\1", 3),
        "empty.npy": npy("|u1", (3, 0), b""),
        "images.npy": npy("|u1", (1, 1, 1, 3), b"\0\x7f\xff"),
        "labels.npy": npy("<i4", (2,), struct.pack("<2i", 0, 9)),
        "u8.npy": npy("<u8", (1, 1), struct.pack("<Q", 2**63)),
    }


# --- images ---


def exif(orientation, order="<"):
    mark = b"II" if order == "<" else b"MM"
    entry = struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    return mark + struct.pack(order + "HIH", 42, 8, 1) + entry + struct.pack(order + "I", 0)


def icc(description):
    text = b"desc" + struct.pack(">II", 0, len(description) + 1) + description + b"\0"
    return bytes(128) + struct.pack(">I4sII", 1, b"desc", 144, len(text)) + text


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width, height, bits, colour, rows, extra=b"", interlaced=0):
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlaced)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra
            + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def png_files():
    row = bytes(range(0, 120, 10))  # 4 pixels of RGB
    filtered = b"".join(bytes([kind]) + row for kind in range(5))
    profile = b"p\0\0" + zlib.compress(icc(b"Adobe RGB"))
    palette = chunk(b"PLTE", bytes(range(12))) + chunk(b"tRNS", b"\x00\x80")
    return {
        "rgb.png": png(4, 5, 8, 2, filtered, chunk(b"iCCP", profile) + chunk(b"eXIf", exif(6, ">"))),
        "palette.png": png(8, 2, 2, 3, b"\0\x1b\x1b\0\xe4\xe4", palette),
        "grey16.png": png(2, 2, 16, 0, b"\0\0\1\2\3\0\4\5\6\7"),
        "rgba.png": png(1, 2, 8, 6, b"\0\1\2\3\4\2\5\6\7\x08"),
        "interlaced.png": png(2, 2, 8, 0, b"\0\x10\0\x20\0\x30\x40", interlaced=1),
    }


def bmp(width, height, bits, rows, palette=b"", masks=b"", compression=0, header=40):
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression,
                           len(rows), 0, 0, 0, 0)
        info += masks.ljust(header - 40, b"\0")
    begin = 14 + len(info) + len(palette)
    return b"BM" + struct.pack("<IHHI", begin + len(rows), 0, 0, begin) + info + palette + rows


def bmp_files():
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    return {
        "rgb.bmp": bmp(3, -2, 24, bytes(range(24))),
        "old.bmp": bmp(1, 2, 24, bytes(range(8)), header=12),
        "palette.bmp": bmp(8, 1, 4, b"\x01\x10\x01\x10", palette=bytes(64)),
        "rgb16.bmp": bmp(2, 2, 16, bytes(range(8))),
        "alpha.bmp": bmp(2, 1, 32, bytes(range(8)), masks=masks, compression=3, header=108),
    }


def segment(marker, body):
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def jpeg(width, height, components, progressive=False, extra=b""):
    """Every block is flat: a difference of 0 and no more coefficients, one bit each."""
    def ids(form):
        return b"".join(form(i + 1) for i in range(components))

    def scan(first, last):
        body = bytes([components]) + ids(lambda i: bytes([i, 0])) + bytes([first, last, 0])
        return segment(0xDA, body)

    one_code = bytes([1] + [0] * 15) + b"\0"  # the code 0 of one bit stands for the symbol 0
    blocks = ((width + 7) // 8) * ((height + 7) // 8) * components
    bits = blocks if progressive else 2 * blocks
    data = int("0" * bits + "1" * (-bits % 8), 2).to_bytes((bits + 7) // 8, "big")
    frame = bytes([8]) + struct.pack(">HHB", height, width, components)
    return (b"\xff\xd8" + extra + segment(0xDB, b"\0" + b"\x01" * 64)
            + segment(0xC2 if progressive else 0xC0, frame + ids(lambda i: bytes([i, 0x11, 0])))
            + segment(0xC4, b"\0" + one_code + b"\x10" + one_code)
            + scan(0, 0 if progressive else 63) + data + b"\xff\xd9")


def jpeg_files():
    marked = segment(0xE1, b"Exif\0\0" + exif(8)) + segment(
        0xE2, b"ICC_PROFILE\0\1\1" + icc(b"sRGB"))
    return {
        "grey.jpg": jpeg(9, 8, 1),
        "rgb.jpg": jpeg(8, 17, 3, extra=marked),
        "progressive.jpg": jpeg(16, 8, 3, progressive=True),
    }


# --- texts ---

FLAG_VALUES = {
    "layers": "relu1_1:1,relu2_1:0.5,relu5_1:1e-3",
    "layers_alone": "relu4_2,conv4_2",
    "range": "20:30",
    "scales": "256,512,1024",
    "blend": "0.7,0.3",
}
INPUTS = {
    "caffe": "BGR 0..255 minus (104.00699, 116.66877,122.67892)",
    "torchvision": "RGB 0..1 minus (0.485,0.456,0.406) over (0.229,0.224,0.225)",
    "remark": "RGB in [0,1]; conv0 does the rest",
    "formula": "1x3x32x32 RGB float, (x/255-mean)/std",
    "half": "BGR x/255-(0.5,.5,.5), 224x224",
}
LABEL_LISTS = {
    "numbers": "a.jpg 0\r\nmore/b.png 3\n\n",
    "names": "a b.png\tTench\nc.bmp great white shark",
    "crane": "x.png crane\n",
}


def texts(named):
    return {name: text.encode() for name, text in named.items()}


if __name__ == "__main__":
    write("safetensors", weights_files())
    write("npy", npy_files())
    write("image", {**png_files(), **bmp_files(), **jpeg_files()})
    write("image_metadata", {"little": exif(6), "big": exif(3, ">"), "srgb": icc(b"sRGB")})
    write("flag_values", texts(FLAG_VALUES))
    write("label_list", texts(LABEL_LISTS))
    write("preprocessing", texts(INPUTS))
