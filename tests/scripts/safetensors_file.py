"""Writes and reads safetensors files for the tests, apart from the code under test."""

import json
import struct


def build(tensors, metadata=None):
    """tensors: {name: (dtype, shape, bytes)}"""
    header, data = ({"__metadata__": metadata} if metadata else {}), b""
    for name, (dtype, shape, values) in tensors.items():
        header[name] = {
            "dtype": dtype,
            "shape": shape,
            "data_offsets": [len(data), len(data) + len(values)],
        }
        data += values
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def parse(path):
    """({name: (dtype, shape, bytes)}, metadata); fails unless the tensors fill the file."""
    with open(path, "rb") as file:
        content = file.read()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    data, tensors, covered = content[8 + length :], {}, 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, end = entry["data_offsets"]
        assert begin == covered, f"{name} begins at {begin}, not {covered}"
        tensors[name], covered = (entry["dtype"], entry["shape"], data[begin:end]), end
    assert covered == len(data), f"{len(data) - covered} bytes at the end belong to no tensor"
    return tensors, metadata


def floats(*values):
    return struct.pack(f"<{len(values)}f", *values)
