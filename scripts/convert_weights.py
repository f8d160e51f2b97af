#!/usr/bin/env python3
"""Converts weights into the safetensors files that Phosphene reads.

    python3 scripts/convert_weights.py IN OUT.safetensors [--model vgg16] [--config config.json]
        [--mean A,B,C --std D,E,F | --input TEXT] [--input-size SIDE] [--labels FILE|cat,dog,...]
        [--padding zero|reflect] [--source TEXT] [--licence TEXT]

IN is one of
    .pth .pt .th     PyTorch (needs the packages torch and numpy); only tensors are unpickled
    .h5 .hdf5        Keras (needs h5py and numpy): VGG layers named block1_conv1 and so on
    .caffemodel      Caffe: layers named conv1_1, fc6 and so on become torchvision's names
    .npz             NumPy (needs numpy), arrays in PyTorch's layout
    .safetensors     to drop prefixes or set metadata

A `state_dict`, `model_state_dict`, `model` or `net` wrapper is opened, the prefixes `module.`,
`model.` and `_orig_mod.` are dropped from the names, and a ResNet's `shortcut` becomes
`downsample`. The metadata tell the engine what the network is and expects, so that it needs the
file alone. They are taken from the flags, else from timm's config.json beside IN, else from the
tensors; for example --input "BGR 0..255 minus (104.00699,116.66877,122.67892)" or
--input "RGB 0..1 minus (0.485,0.456,0.406) over (0.229,0.224,0.225)", for which --mean and --std
are short. What nobody stated is said.

Exit codes: 0 done, 1 failed, 2 bad usage.
"""

import argparse
import json
import math
import os
import re
import struct
import sys
from pathlib import Path
from typing import Dict, NamedTuple, Optional, Tuple

import classifier_weights as classifiers
from classifier_weights import Problem as Failure

PREFIXES = ("module.", "model.", "_orig_mod.")
WRAPPERS = ("state_dict", "model_state_dict", "model", "net")
NUMPY_DTYPES = {
    "float16": "F16", "float32": "F32", "float64": "F64",
    "int8": "I8", "int16": "I16", "int32": "I32", "int64": "I64",
    "uint8": "U8", "uint16": "U16", "uint32": "U32", "uint64": "U64", "bool": "BOOL",
}  # fmt: skip
ITEM_BYTES = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "I64": 8, "I32": 4,
    "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1,
}  # fmt: skip


class Tensor(NamedTuple):
    dtype: str  # as safetensors writes it
    shape: Tuple[int, ...]
    data: bytes  # little-endian, row-major


Tensors = Dict[str, Tensor]


def needs(module: str, path: Path):
    """Imports a package that only this kind of file needs."""
    try:
        return __import__(module)
    except ImportError:
        raise Failure(
            f"{path}: reading {path.suffix} needs the Python package {module}, which is not "
            f"installed (python3 -m pip install {module})"
        ) from None


def from_numpy(name: str, array) -> Tensor:
    dtype = NUMPY_DTYPES.get(array.dtype.name)
    if dtype is None:
        raise Failure(f"array '{name}' has the type {array.dtype}, which safetensors does not have")
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return Tensor(dtype, tuple(int(n) for n in array.shape), little.tobytes())


# ---------------------------------------------------------------------------------------- readers


def read_torch(path: Path) -> Tensors:
    torch = needs("torch", path)
    needs("numpy", path)
    try:
        loaded = torch.load(str(path), map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds
        reason = str(error).strip().split("\n")[0]
        raise Failure(f"{path}: cannot be read as tensors alone: {reason}") from None
    for wrapper in WRAPPERS:
        if isinstance(loaded, dict) and isinstance(loaded.get(wrapper), dict):
            loaded = loaded[wrapper]
            break
    if not isinstance(loaded, dict):
        raise Failure(f"{path}: holds a {type(loaded).__name__}, expected a dict of tensors")
    tensors = {}
    for name, value in loaded.items():
        if not isinstance(value, torch.Tensor):
            continue
        value = value.detach().contiguous()
        if value.dtype == torch.bfloat16:
            bits = from_numpy(name, value.view(torch.int16).numpy())
            tensors[name] = Tensor("BF16", bits.shape, bits.data)
        else:
            tensors[name] = from_numpy(name, value.numpy())
    return tensors


def read_npz(path: Path) -> Tensors:
    numpy = needs("numpy", path)
    try:
        with numpy.load(str(path), allow_pickle=False) as arrays:
            return {name: from_numpy(name, arrays[name]) for name in arrays.files}
    except (ValueError, OSError) as error:
        raise Failure(f"{path}: is not a readable .npz: {error}") from None


def read_safetensors(path: Path) -> Tuple[Tensors, Dict[str, str]]:
    file = path.read_bytes()
    try:
        (length,) = struct.unpack("<Q", file[:8])
        header = json.loads(file[8 : 8 + length].decode("utf-8"))
        metadata = header.pop("__metadata__", {})
        data = memoryview(file)[8 + length :]
        tensors = {}
        covered = 0
        for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
            begin, end = entry["data_offsets"]
            if begin != covered or not begin <= end <= len(data):
                raise ValueError(f"tensor '{name}' lies at bytes {begin} to {end}")
            covered = end
            tensors[name] = Tensor(entry["dtype"], tuple(entry["shape"]), bytes(data[begin:end]))
        if covered != len(data):
            raise ValueError(f"{len(data) - covered} bytes at its end belong to no tensor")
    except (struct.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Failure(f"{path}: is not a valid safetensors file: {error}") from None
    return tensors, metadata


def read_keras(path: Path) -> Tensors:
    """VGG layers out of a Keras file. Its kernels are (h, w, in, out)."""
    h5py = needs("h5py", path)
    layers: Dict[str, dict] = {}

    def visit(name, item):
        if not isinstance(item, h5py.Dataset):
            return
        # Keras 3 keeps arrays in <path>/vars/0 and 1 with the layer's name as an attribute; Keras 2
        # in groups of that name.
        layer = item.parent.attrs.get("name", item.parent.name.rsplit("/", 1)[-1])
        layers.setdefault(layer, {})["bias" if item.ndim == 1 else "weight"] = item[...]

    try:
        with h5py.File(str(path), "r") as file:
            file.visititems(visit)
    except OSError as error:
        raise Failure(f"{path}: is not a readable HDF5 file: {error}") from None
    tensors, left_out = {}, []
    for layer, arrays in layers.items():
        match = re.fullmatch(r"block(\d+)_conv(\d+)", layer)
        if not match or getattr(arrays.get("weight"), "ndim", 0) != 4:
            left_out.append(layer)
            continue
        name = f"conv{match[1]}_{match[2]}"
        kernel = arrays["weight"].transpose(3, 2, 0, 1)
        tensors[f"{name}.weight"] = from_numpy(layer, kernel)
        if "bias" in arrays:
            tensors[f"{name}.bias"] = from_numpy(layer, arrays["bias"])
    if not tensors:
        raise Failure(f"{path}: has no layer named block1_conv1 and so on: not a VGG of Keras")
    if left_out:
        say(f"{path.name}: left out, not VGG features: {', '.join(sorted(left_out))}")
    return tensors


def fields(message: memoryview):
    """The (number, value) pairs of a protobuf message; bytes for what has a length."""

    def varint(at: int) -> Tuple[int, int]:
        value = shift = 0
        while True:
            byte = message[at]
            value |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if byte < 0x80:
                return value, at

    at = 0
    while at < len(message):
        key, at = varint(at)
        kind = key & 7
        if kind == 0:
            value, at = varint(at)
        elif kind in (1, 5, 2):
            length = {1: 8, 5: 4}.get(kind)
            if length is None:
                length, at = varint(at)
            if at + length > len(message):
                raise IndexError
            value, at = message[at : at + length], at + length
        else:
            raise ValueError
        yield key >> 3, value


def read_blob(message: memoryview, rank: int) -> Tensor:
    """caffe.proto's BlobProto: packed floats in 5, a shape in 7 or (older) four extents in 1-4, of
    which the last `rank` are meant."""
    data, extents, shape = b"", {}, None
    for number, value in fields(message):
        if number == 5:
            data += bytes(value)
        elif number == 7:
            shape = []
            for inner, dims in fields(value):
                if inner == 1 and isinstance(dims, int):
                    shape.append(dims)
                elif inner == 1:  # packed: read each as the value of a field of its own
                    shape += [v for _, v in fields(unpack_varints(dims))]
        elif number in (1, 2, 3, 4) and isinstance(value, int):
            extents[number] = value
    if shape is None:
        shape = [extents.get(i, 1) for i in (1, 2, 3, 4)][-rank:]
    return Tensor("F32", tuple(shape), data)


def unpack_varints(packed: memoryview) -> memoryview:
    """A packed list of varints as a message that has each of them as field 1."""
    message, start = bytearray(), True
    for byte in packed:
        if start:
            message.append(0x08)
        message.append(byte)
        start = byte < 0x80
    return memoryview(bytes(message))


def read_caffe(path: Path) -> Tensors:
    """caffe.proto's NetParameter: layers in 100 (name 1, blobs 7) or, older, in 2 (name 4, blobs
    6). Only the fields read here are named."""
    places = {100: (1, 7), 2: (4, 6)}
    tensors = {}
    try:
        for number, value in fields(memoryview(path.read_bytes())):
            if number not in places or isinstance(value, int):
                continue
            name_field, blob_field = places[number]
            name, blobs = "", []
            for inner, content in fields(value):
                if inner == name_field:
                    name = bytes(content).decode("utf-8")
                elif inner == blob_field:
                    blobs.append(content)
            weight_rank = 2 if name.startswith("fc") or name.endswith("classifier") else 4
            for kind, blob, rank in zip(("weight", "bias"), blobs, (weight_rank, 1)):
                tensors[f"{name}.{kind}"] = read_blob(blob, rank)
    except (IndexError, ValueError, TypeError, UnicodeDecodeError):
        raise Failure(f"{path}: is not a readable Caffe model") from None
    if not tensors:
        raise Failure(f"{path}: has no layer with weights: not a Caffe model?")
    return tensors


# ---------------------------------------------------------------------------------------- writing


def torchvision_vgg_names(tensors: Tensors) -> Tensors:
    """conv1_1 .. conv5_4 and fc6 .. fc8 under the names that torchvision gives them; a file that
    has other names is left alone. In torchvision's list a convolution and its ReLU count two, a
    pooling one."""
    pattern = re.compile(r"conv(\d+)_(\d+)\.(weight|bias)")
    convs = {tuple(map(int, m.group(1, 2))) for m in map(pattern.fullmatch, tensors) if m}
    if (1, 1) not in convs:
        return tensors
    position, names = 0, {}
    for block in range(1, max(convs)[0] + 1):
        for conv in range(1, max((c for b, c in convs if b == block), default=1) + 1):
            if (block, conv) not in convs:
                raise Failure(f"conv{block}_{conv} is missing between the layers that are there")
            names[f"conv{block}_{conv}"] = f"features.{position}"
            position += 2
        position += 1
    names.update({"fc6": "classifier.0", "fc7": "classifier.3", "fc8": "classifier.6"})
    renamed = {}
    for name, tensor in tensors.items():
        layer, dot, kind = name.rpartition(".")
        renamed[names.get(layer, layer) + dot + kind] = tensor
    return renamed


def without_prefixes(tensors: Tensors) -> Tensors:
    bare: Tensors = {}
    for name, tensor in tensors.items():
        short = name
        while short.startswith(PREFIXES):
            short = short.split(".", 1)[1]
        short = classifiers.engine_name(short)
        if short in bare:
            raise Failure(f"two tensors are called '{short}' once their prefixes are dropped")
        bare[short] = tensor
    return bare


def write_safetensors(path: Path, tensors: Tensors, metadata: Dict[str, str]) -> None:
    header: dict = {"__metadata__": metadata} if metadata else {}
    offset = 0
    for name in sorted(tensors):
        tensor = tensors[name]
        if ITEM_BYTES.get(tensor.dtype, 0) * math.prod(tensor.shape) != len(tensor.data):
            described = f"'{name}' of {tensor.dtype} {list(tensor.shape)}"
            raise Failure(f"tensor {described} has {len(tensor.data)} bytes")
        header[name] = {
            "dtype": tensor.dtype,
            "shape": list(tensor.shape),
            "data_offsets": [offset, offset + len(tensor.data)],
        }
        offset += len(tensor.data)
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 8)  # so that the numbers are aligned
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            for name in sorted(tensors):
                file.write(tensors[name].data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise Failure(f"{path}: cannot be written: {error.strerror}") from None
    finally:
        if temporary.exists():
            temporary.unlink()


def say(line: str) -> None:
    print(line, file=sys.stderr)


def describe(path: Path, tensors: Tensors, stated: Dict[str, str]) -> Tuple[Dict[str, str], str]:
    """The metadata of the new file, and a note on what was not stated."""
    stated = dict(stated)
    model = stated.get("model")
    if model is None:
        try:
            model = classifiers.model_of({name: t.shape for name, t in tensors.items()})
        except Failure as failure:
            raise Failure(f"{path}: {failure}") from None
        if model is None:
            return stated, "not a network that is known: --model names one"
        stated["model"] = model
    notes = [f"model {model}"]
    if "input" not in stated and path.suffix.lower() in (".pth", ".pt", ".th"):
        assumed = classifiers.assumed_input(model, path.name)
        if assumed:
            stated["input"] = assumed[0]
            notes.append(f"input {assumed[0]} ({assumed[1]})")
    return stated, "; ".join(notes)


def convert(path: Path, out: Path, given: Dict[str, str], config: Optional[Path]) -> None:
    if not path.is_file():
        raise Failure(f"{path}: {'is a directory' if path.is_dir() else 'no such file'}")
    metadata: Dict[str, str] = {}
    kind = path.suffix.lower()
    if kind in (".pth", ".pt", ".th"):
        tensors = read_torch(path)
    elif kind in (".h5", ".hdf5"):
        tensors = read_keras(path)
    elif kind == ".caffemodel":
        tensors = read_caffe(path)
    elif kind == ".npz":
        tensors = read_npz(path)
    else:
        tensors, metadata = read_safetensors(path)
    tensors = torchvision_vgg_names(without_prefixes(tensors))
    if not tensors:
        raise Failure(f"{path}: holds no tensor")
    metadata.setdefault("source", path.name)
    beside = path.with_name("config.json")
    if config or beside.is_file():
        metadata.update(classifiers.read_config(config or beside, config is not None))
    metadata, note = describe(path, tensors, {**metadata, **given})
    write_safetensors(out, tensors, metadata)
    say(f"{out}: {len(tensors)} tensors; {note}")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("input_file", metavar="IN", type=Path)
    parser.add_argument("output_file", metavar="OUT.safetensors", type=Path)
    parser.add_argument("--model", help="the engine's name for the network, e.g. vgg19")
    parser.add_argument("--config", type=Path, help="timm's config.json (default: that beside IN)")
    parser.add_argument("--input", help="the pixels that the network expects")
    parser.add_argument("--mean", help="of RGB in [0,1]: three numbers between commas")
    parser.add_argument("--std", help="of RGB in [0,1]: three numbers between commas")
    parser.add_argument("--input-size", type=int, help="side of the square of pixels it expects")
    parser.add_argument("--labels", help="a file (JSON, or a line a class), or cat,dog,...")
    parser.add_argument("--padding", choices=("zero", "reflect"), help="of its convolutions")
    parser.add_argument("--source", help="where the weights come from (default: IN's name)")
    parser.add_argument("--licence", help="under which they may be used")
    arguments = parser.parse_args()
    readable = (".pth", ".pt", ".th", ".h5", ".hdf5", ".caffemodel", ".npz", ".safetensors")
    if arguments.input_file.suffix.lower() not in readable:
        parser.error(f"{arguments.input_file}: expected one of {' '.join(readable)}")
    if arguments.output_file.suffix != ".safetensors":
        parser.error(f"{arguments.output_file}: expected a name that ends in .safetensors")
    keys = ("model", "input", "padding", "source", "licence")
    given = {key: getattr(arguments, key) for key in keys if getattr(arguments, key) is not None}
    if (arguments.mean is None) != (arguments.std is None) or (arguments.mean and arguments.input):
        parser.error("--mean and --std go together, and instead of --input")
    if arguments.input_size is not None:
        if arguments.input_size < 1:
            parser.error(f"--input-size {arguments.input_size}: expected at least 1")
        given["input_size"] = str(arguments.input_size)
    try:
        if arguments.mean is not None:
            mean = classifiers.numbers(arguments.mean.split(","), "--mean")
            std = classifiers.numbers(arguments.std.split(","), "--std")
            given["input"] = classifiers.input_text(mean, std)
        if arguments.labels is not None:
            given["labels"] = classifiers.read_labels(arguments.labels)
        convert(arguments.input_file, arguments.output_file, given, arguments.config)
    except Failure as failure:
        say(f"convert_weights.py: {failure}")
        return 1
    except OSError as error:
        say(f"convert_weights.py: {error.filename}: {error.strerror}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
