"""Tests of scripts/convert_weights.py."""

import importlib.util
import json
import math
import os
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from safetensors_file import build, floats, parse

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "convert_weights.py"


def missing(*modules):
    return [module for module in modules if importlib.util.find_spec(module) is None]


def needs(*modules):
    return unittest.skipIf(missing(*modules), f"Python packages: {', '.join(missing(*modules))}")


class Convert(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.out = self.folder / "out.safetensors"

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return path

    def run_script(self, source, *options, python=sys.executable, out=None):
        command = [python, "-B", str(SCRIPT), str(source), str(out or self.out), *options]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def convert(self, source, *options):
        done = self.run_script(source, *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return parse(self.out)

    def fails(self, source, *parts, options=(), code=1):
        before = sorted(p.name for p in self.folder.rglob("*"))
        done = self.run_script(source, *options)
        self.assertEqual(done.returncode, code, done.stderr)
        for part in parts:
            self.assertIn(part, done.stderr)
        if code == 1:
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertEqual(sorted(p.name for p in self.folder.rglob("*")), before)


class Safetensors(Convert):
    def test_drops_prefixes_and_sets_metadata(self):
        tensors = {
            "module.model.features.0.weight": ("F32", [2, 1, 1, 1], floats(1, 2)),
            "_orig_mod.module.features.0.bias": ("BF16", [2], b"\x80\x3f\x00\x40"),
            "classifier.model.x": ("I64", [], b"\5" + b"\0" * 7),
        }
        source = self.write("in.safetensors", build(tensors, {"arch": "old", "model": "old"}))
        found, metadata = self.convert(
            source, "--model", "vgg16", "--input", "RGB 0..1", "--padding", "reflect",
            "--licence", "MIT",
        )  # fmt: skip
        self.assertEqual(
            found,
            {
                "features.0.weight": ("F32", [2, 1, 1, 1], floats(1, 2)),
                "features.0.bias": ("BF16", [2], b"\x80\x3f\x00\x40"),
                "classifier.model.x": ("I64", [], b"\5" + b"\0" * 7),
            },
        )
        self.assertEqual(
            metadata,
            {
                "arch": "old",
                "model": "vgg16",
                "input": "RGB 0..1",
                "padding": "reflect",
                "licence": "MIT",
                "source": "in.safetensors",
            },
        )

    def test_numbers_are_aligned(self):
        self.convert(self.write("in.safetensors", build({"a": ("F32", [1], floats(1))})))
        (length,) = struct.unpack("<Q", self.out.read_bytes()[:8])
        self.assertEqual(length % 8, 0)

    def test_two_names_that_become_one(self):
        tensors = {"a.w": ("F32", [1], floats(1)), "model.a.w": ("F32", [1], floats(2))}
        source = self.write("in.safetensors", build(tensors))
        self.fails(source, "two tensors are called 'a.w'")

    def test_bad_files(self):
        whole = build({"a": ("F32", [1], floats(1))})
        for name, content in {
            "empty": b"",
            "short": whole[:4],
            "cut": whole[:-1],
            "longer": whole + b"x",
            "no json": struct.pack("<Q", 3) + b"{a}",
            "a list": struct.pack("<Q", 2) + b"[]",
            "no dtype": struct.pack("<Q", 8) + b'{"a":{}}',
        }.items():
            with self.subTest(name):
                source = self.write("in.safetensors", content)
                self.fails(source, str(source), "not a valid safetensors file")
        self.fails(self.write("in.safetensors", build({})), "holds no tensor")
        self.fails(self.folder / "none.pth", "none.pth: no such file")

    def test_usage(self):
        source = self.write("in.safetensors", build({"a": ("F32", [1], floats(1))}))
        self.fails(source, "invalid choice: 'same'", options=("--padding", "same"), code=2)
        self.fails(self.write("in.onnx", b""), "in.onnx: expected one of .pth", code=2)
        done = self.run_script(source, out=self.folder / "out.pth")
        self.assertEqual(done.returncode, 2)
        self.assertIn("ends in .safetensors", done.stderr)

    def test_a_folder_that_is_not_there(self):
        source = self.write("in.safetensors", build({"a": ("F32", [1], floats(1))}))
        done = self.run_script(source, out=self.folder / "none" / "out.safetensors")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot be written: No such file or directory", done.stderr)


def varint(value):
    encoded = b""
    while value >= 0x80:
        encoded, value = encoded + bytes([value & 0x7F | 0x80]), value >> 7
    return encoded + bytes([value])


def field(number, value):
    """A protobuf field: an int as a varint, bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


class Caffe(Convert):
    def layer(self, name, *blobs):
        body = field(1, name.encode()) + field(2, b"Convolution") + b"".join(
            field(7, blob) for blob in blobs
        )
        return field(100, body)

    def old_layer(self, name, *blobs):
        body = b"".join(field(6, blob) for blob in blobs) + field(5, 4) + field(4, name.encode())
        return field(2, body)

    def test_layers_become_torchvisions(self):
        def blob(shape, *values):
            dims = b"".join(map(varint, shape))
            return field(7, field(1, dims)) + field(5, floats(*values))

        net = field(1, b"VGG") + b"".join(
            [
                self.layer("conv1_1", blob([2, 1, 1, 1], 1, 2), blob([2], 3, 4)),
                self.layer("relu1_1"),
                self.layer("conv1_2", blob([1, 2, 1, 1], 5, 6), blob([1], 7)),
                self.layer("conv2_1", blob([1, 1, 1, 1], 8)),
                self.layer("fc6", blob([1, 300], *range(300)), blob([1], 9)),
            ]
        )
        found, _ = self.convert(self.write("in.caffemodel", net))
        self.assertEqual(
            {name: tensor[:2] for name, tensor in found.items()},
            {
                "features.0.weight": ("F32", [2, 1, 1, 1]),
                "features.0.bias": ("F32", [2]),
                "features.2.weight": ("F32", [1, 2, 1, 1]),
                "features.2.bias": ("F32", [1]),
                "features.5.weight": ("F32", [1, 1, 1, 1]),
                "classifier.0.weight": ("F32", [1, 300]),
                "classifier.0.bias": ("F32", [1]),
            },
        )
        self.assertEqual(found["features.0.weight"][2], floats(1, 2))
        self.assertEqual(found["features.2.bias"][2], floats(7))
        self.assertEqual(found["classifier.0.weight"][2], floats(*range(300)))

    def test_the_older_layout(self):
        def blob(n, c, h, w, *values):
            extents = b"".join(field(i + 1, value) for i, value in enumerate((n, c, h, w)))
            return extents + field(5, floats(*values))

        net = self.old_layer("conv1_1", blob(1, 1, 1, 2, 1, 2), blob(1, 1, 1, 1, 3))
        net += self.old_layer("fc8", blob(1, 1, 2, 1, 4, 5), blob(1, 1, 1, 2, 6, 7))
        found, _ = self.convert(self.write("in.caffemodel", net))
        self.assertEqual(
            found,
            {
                "features.0.weight": ("F32", [1, 1, 1, 2], floats(1, 2)),
                "features.0.bias": ("F32", [1], floats(3)),
                "classifier.6.weight": ("F32", [2, 1], floats(4, 5)),
                "classifier.6.bias": ("F32", [2], floats(6, 7)),
            },
        )

    def test_googlenet_is_known_by_its_layers(self):
        def blob(n, c, h, w):
            extents = b"".join(field(i + 1, value) for i, value in enumerate((n, c, h, w)))
            return extents + field(5, floats(*range(n * c * h * w)))

        net = self.old_layer("inception_3a/1x1", blob(2, 3, 1, 1), blob(1, 1, 1, 2))
        net += self.old_layer("loss3/classifier", blob(1, 1, 2, 3), blob(1, 1, 1, 2))
        found, metadata = self.convert(self.write("in.caffemodel", net))
        self.assertEqual(metadata["model"], "googlenet_bvlc")
        self.assertEqual(found["inception_3a/1x1.weight"][1], [2, 3, 1, 1])
        self.assertEqual(found["loss3/classifier.weight"][1], [2, 3])

    def test_bad_files(self):
        whole = self.layer("conv1_1", field(7, field(1, b"\1")) + field(5, floats(1)))
        self.fails(self.write("in.caffemodel", whole[:-1]), "not a readable Caffe model")
        self.fails(self.write("in.caffemodel", b""), "no layer with weights")
        self.fails(self.write("in.caffemodel", b"\xff" * 40), "in.caffemodel")
        few = self.layer("conv1_1", field(7, field(1, b"\2")) + field(5, floats(1)))
        self.fails(self.write("in.caffemodel", few), "'features.0.weight' of F32 [2] has 4 bytes")
        one = field(5, floats(1))
        gap = self.layer("conv1_1", one) + self.layer("conv3_1", one)
        self.fails(self.write("in.caffemodel", gap), "conv2_1 is missing")


class Npz(Convert):
    @needs("numpy")
    def test_every_type(self):
        import numpy

        path = self.folder / "in.npz"
        numpy.savez(
            path,
            **{
                "module.a": numpy.array([[1, 2], [3, 4]], "<f4").T,
                "b": numpy.array([1.5], ">f8"),
                "c": numpy.array([1], "<f2"),
                "d": numpy.array(7, "<i8"),
            },
        )
        found, _ = self.convert(path)
        self.assertEqual(
            found,
            {
                "a": ("F32", [2, 2], floats(1, 3, 2, 4)),
                "b": ("F64", [1], struct.pack("<d", 1.5)),
                "c": ("F16", [1], b"\x00\x3c"),
                "d": ("I64", [], struct.pack("<q", 7)),
            },
        )

    @needs("numpy")
    def test_objects_are_refused(self):
        import numpy

        path = self.folder / "in.npz"
        numpy.savez(path, a=numpy.array([{}], dtype=object))
        self.fails(path, "not a readable .npz")
        numpy.savez(path, a=numpy.array([1j]))
        self.fails(path, "'a' has the type complex128")
        self.fails(self.write("in.npz", b"no zip"), "not a readable .npz")


class Keras(Convert):
    def keras(self, layers):
        import h5py

        path = self.folder / "in.h5"
        with h5py.File(path, "w") as file:
            for group, name, arrays in layers:
                variables = file.create_group(f"{group}/vars")
                if name:
                    variables.attrs["name"] = name
                for i, array in enumerate(arrays):
                    variables[str(i)] = array
        return path

    @needs("h5py", "numpy")
    def test_kernels_are_turned_and_named(self):
        import numpy

        kernel = numpy.arange(2 * 3 * 4 * 5, dtype="<f4").reshape(2, 3, 4, 5)  # h, w, in, out
        path = self.keras(
            [
                ("block1/layers/conv2d", "block1_conv1", [kernel, numpy.ones(5, "<f4")]),
                ("block1/layers/conv2d_1", "block1_conv2", [kernel]),
                ("block2/layers/conv2d", "block2_conv1", [kernel]),
                ("dsn1", "conv2d", [kernel]),
            ]
        )
        found, _ = self.convert(path)
        self.assertEqual(
            set(found),
            {"features.0.weight", "features.0.bias", "features.2.weight", "features.5.weight"},
        )
        dtype, shape, data = found["features.5.weight"]
        self.assertEqual((dtype, shape), ("F32", [5, 4, 2, 3]))
        turned = numpy.frombuffer(data, "<f4").reshape(shape)
        for out, channel, y, x in numpy.ndindex(*shape):
            self.assertEqual(turned[out, channel, y, x], kernel[y, x, channel, out])

    @needs("h5py", "numpy")
    def test_other_networks_are_refused(self):
        import numpy

        self.fails(self.keras([("a", "conv2d", [numpy.ones((1, 1, 1, 1))])]), "not a VGG of Keras")
        self.fails(self.write("in.h5", b"no HDF5"), "not a readable HDF5 file")


def zeros(shapes):
    """Tensors of these extents."""
    return {
        name: ("F32", list(shape), b"\0" * (4 * math.prod(shape))) for name, shape in shapes.items()
    }


def resnet(blocks, convs, prefix="", **changed):
    """Names and extents of a ResNet with one channel."""
    shapes = {"conv1.weight": (1, 3, 7, 7), "fc.weight": (5, 1), "fc.bias": (5,)}
    for stage, count in enumerate(blocks, 1):
        for i in range(count):
            for conv in range(1, convs + 1):
                shapes[f"layer{stage}.{i}.conv{conv}.weight"] = (1, 1, 1, 1)
    shapes.update(changed)
    return zeros({prefix + name: shape for name, shape in shapes.items()})


class Classifiers(Convert):
    TIMM = {
        "architecture": "resnet50",
        "num_classes": 2,
        "label_names": ["n01", "n02"],
        "label_descriptions": {"n01": "tench, Tinca tinca", "n02": "goldfish"},
        "pretrained_cfg": {
            "tag": "a1_in1k",
            "mean": [0.5, 0.4, 0.3],
            "std": [0.25, 0.2, 0.1],
            "input_size": [3, 160, 160],
        },
    }

    def metadata(self, tensors, *options):
        return self.convert(self.write("in.safetensors", build(tensors)), *options)[1]

    def config(self, name="config.json", **changed):
        return self.write(name, json.dumps({**self.TIMM, **changed}).encode())

    def test_the_model_is_known_by_its_tensors(self):
        dense = {"features.conv0.weight": (1, 3, 7, 7)}
        for block, layers in enumerate((6, 12, 24, 16), 1):
            for layer in range(1, layers + 1):
                name = f"features.denseblock{block}.denselayer{layer}"
                dense.update({f"{name}.norm.1.weight": (1,), f"{name}.conv.1.weight": (1, 1, 1, 1)})
        vgg = {f"features.{i}.weight": (1, 1, 3, 3) for i in (0, 3, 6, 8, 11, 13, 16, 18)}
        vgg_bn = {f"features.{i}.weight": (1, 1, 3, 3) for i in (0, 4, 8, 11, 15, 18, 22, 25)}
        squeeze = {"features.3.squeeze.weight": (1, 1, 1, 1)}
        branch = {"inception3a.branch1.conv.weight": (1, 1, 1, 1)}
        sequence = {f"{i}.weight": (1, 1) for i in (0, 2, 5, 7)}
        for model, tensors in {
            "resnet18": resnet((2, 2, 2, 2), 2),
            "resnet34": resnet((3, 4, 6, 3), 2),
            "resnet152": resnet((3, 8, 36, 3), 3),
            "resnet56_cifar10": resnet((9, 9, 9), 2),
            "densenet121": zeros(dense),
            "vgg11": zeros(vgg),
            "vgg11_bn": zeros({**vgg_bn, "features.1.running_mean": (1,)}),
            "alexnet": zeros({"features.0.weight": (1, 3, 11, 11)}),
            "squeezenet1_0": zeros({"features.0.weight": (1, 3, 7, 7), **squeeze}),
            "squeezenet1_1": zeros({"features.0.weight": (1, 3, 3, 3), **squeeze}),
            "googlenet_bvlc": zeros(branch),
            "googlenet": zeros({**branch, "inception3a.branch1.bn.weight": (1,)}),
            "convexadv_cifar_small": zeros(sequence),
        }.items():
            with self.subTest(model):
                self.assertEqual(self.metadata(tensors).get("model"), model)
        self.assertNotIn("model", self.metadata(resnet((1, 1, 1, 1), 2)))
        cut_vgg19 = {f"features.{i}.weight": (1, 1, 3, 3) for i in (0, 2, 5, 7, 10, 12, 14, 16)}
        self.assertNotIn("model", self.metadata(zeros(cut_vgg19)))

    def test_names_of_researchers(self):
        tensors = zeros({"module.layer2.0.shortcut.0.weight": (1,), "model.shortcut.w": (1,)})
        tensors.update(zeros({"features.denseblock1.denselayer1.norm.1.bias": (1,)}))
        found, _ = self.convert(self.write("in.safetensors", build(tensors)))
        self.assertEqual(
            set(found),
            {"layer2.0.downsample.0.weight", "shortcut.w",
             "features.denseblock1.denselayer1.norm1.bias"},
        )  # fmt: skip

    def test_timms_config(self):
        self.config()
        tensors = resnet((3, 4, 6, 3), 3)
        expected = {
            "source": "in.safetensors",
            "model": "resnet50",
            "input": "RGB 0..1 minus (0.5,0.4,0.3) over (0.25,0.2,0.1)",
            "input_size": "160",
            "labels": '["tench, Tinca tinca", "goldfish"]',
        }
        self.assertEqual(self.metadata(tensors), expected)
        flags = ("--mean", ".1,.2,.3", "--std", "1,1,1", "--input-size", "96", "--labels", "a, b")
        self.assertEqual(
            self.metadata(tensors, *flags),
            {**expected, "input": "RGB 0..1 minus (0.1,0.2,0.3) over (1,1,1)", "input_size": "96",
             "labels": '["a", "b"]'},
        )  # fmt: skip
        other = self.config("other.json", architecture="resnet18.tag", pretrained_cfg={})
        self.assertEqual(self.metadata(tensors, "--config", str(other))["model"], "resnet18")
        self.write("config.json", b'{"model_type": "resnet"}')
        self.assertNotIn("input", self.metadata(tensors))

    def test_bad_configs(self):
        source = self.write("in.safetensors", build(resnet((2, 2, 2, 2), 2)))
        path = self.config(architecture="resnetblur50")
        self.fails(source, "config.json: architecture 'resnetblur50' is none that the engine has")
        self.write("config.json", b"{")
        self.fails(source, "config.json: cannot be read as JSON")
        self.write("config.json", b"{}")
        self.fails(source, "has no 'architecture'", options=("--config", str(path)))
        for key, value in {"mean": [1, 2], "std": [0, 1, 1], "input_size": [3, 9, 8]}.items():
            self.config(pretrained_cfg={"mean": [0, 0, 0], "std": [1, 1, 1], key: value})
            self.fails(source, f"config.json: {key} is")

    def test_labels(self):
        for content in (b"cat\n dog\n", b'["cat", "dog"]', b'{"0": ["n1", "cat"], "1": "dog"}'):
            labels = self.write("labels", content)
            metadata = self.metadata(resnet((2, 2, 2, 2), 2), "--labels", str(labels))
            self.assertEqual(metadata["labels"], '["cat", "dog"]')
        source = self.folder / "in.safetensors"
        self.fails(source, "no such file", options=("--labels", "nowhere"))
        for content in (b"[1]", b'{"1": "cat"}', b"[x"):
            labels = self.write("labels", content)
            self.fails(source, "is no list of names", options=("--labels", str(labels)))

    def test_bad_flags(self):
        source = self.write("in.safetensors", build(resnet((2, 2, 2, 2), 2)))
        self.fails(source, "go together", options=("--mean", "0,0,0"), code=2)
        both = ("--mean", "0,0,0", "--std", "1,1,1")
        self.fails(source, "instead of --input", options=(*both, "--input", "RGB 0..1"), code=2)
        self.fails(source, "--input-size 0", options=("--input-size", "0"), code=2)
        self.fails(source, "--std is", options=("--mean", "0,0,0", "--std", "0,1,1"))
        grouped = resnet((3, 4, 6, 3), 3, **{"layer1.0.conv1.weight": (4, 1, 1, 1)})
        source = self.write("in.safetensors", build(grouped))
        self.fails(source, "is a ResNeXt")


class Torch(Convert):
    def save(self, content):
        import torch

        torch.save(content, self.folder / "in.pth")
        return self.folder / "in.pth"

    @needs("torch", "numpy")
    def test_wrappers_prefixes_and_types(self):
        import torch

        state = {
            "module.w": torch.tensor([[1.0, 2.0], [3.0, 4.0]]).t(),
            "module.h": torch.tensor([1.0], dtype=torch.bfloat16),
            "module.n": torch.tensor(3),
        }
        expected = {
            "w": ("F32", [2, 2], floats(1, 3, 2, 4)),
            "h": ("BF16", [1], b"\x80\x3f"),
            "n": ("I64", [], struct.pack("<q", 3)),
        }
        for wrapper in (None, "state_dict", "model_state_dict", "model", "net"):
            with self.subTest(wrapper):
                content = {"epoch": 3, wrapper: state} if wrapper else state
                self.assertEqual(self.convert(self.save(content))[0], expected)

    @needs("torch", "torchvision", "numpy")
    def test_a_fine_tuned_network_with_the_stem_of_small_images(self):
        import torch
        from torchvision.models import resnet18

        model = resnet18(num_classes=5)
        model.conv1 = torch.nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        state = {f"_orig_mod.module.{name}": value for name, value in model.state_dict().items()}
        renamed = {name.replace("downsample", "shortcut"): value for name, value in state.items()}
        found, metadata = self.convert(
            self.save({"epoch": 3, "state_dict": renamed}), "--mean", ".4914,.4822,.4465",
            "--std", ".2023,.1994,.2010", "--labels", "a,b,c,d,e",
        )  # fmt: skip
        self.assertEqual(set(found), set(model.state_dict()))
        self.assertEqual(found["fc.weight"][1], [5, 512])
        self.assertEqual(metadata["model"], "resnet18")
        self.assertEqual(
            metadata["input"], "RGB 0..1 minus (0.4914,0.4822,0.4465) over (0.2023,0.1994,0.201)"
        )

    @needs("torch", "numpy")
    def test_preprocessing_that_nobody_stated_is_said(self):
        import torch

        state = {"features.0.weight": torch.zeros(1, 3, 11, 11)}
        done = self.run_script(self.save(state))
        self.assertIn("model alexnet; input RGB 0..1 minus (0.485,0.456,0.406)", done.stderr)
        self.assertIn("nothing said; --mean and --std say otherwise", done.stderr)
        state = {"inception3a.branch1.conv.weight": torch.zeros(1, 1, 1, 1),
                 "inception3a.branch1.bn.weight": torch.zeros(1)}  # fmt: skip
        published = self.folder / "googlenet-1378be20.pth"
        torch.save(state, published)
        self.assertEqual(
            self.convert(published)[1]["input"], "RGB 0..1 minus (0.5,0.5,0.5) over (0.5,0.5,0.5)"
        )

    @needs("torch", "numpy")
    def test_bad_files(self):
        self.fails(self.save([1]), "holds a list, expected a dict")
        self.fails(self.save({"epoch": 3}), "holds no tensor")
        self.fails(self.write("in.pth", b"no pickle"), "cannot be read as tensors alone")

    @unittest.skipIf(os.name != "posix", "PATH")
    def test_a_missing_package_is_named(self):
        blocked = self.folder / "blocked"
        blocked.mkdir()
        for module in ("torch", "h5py", "numpy"):
            (blocked / f"{module}.py").write_text("raise ImportError")
        env = dict(os.environ, PYTHONPATH=str(blocked))
        for suffix, module in {".pth": "torch", ".h5": "h5py", ".npz": "numpy"}.items():
            source = self.write(f"in{suffix}", b"x")
            command = [sys.executable, "-B", str(SCRIPT), str(source), str(self.out)]
            done = subprocess.run(command, stderr=subprocess.PIPE, text=True, env=env)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"needs the Python package {module}", done.stderr)


if __name__ == "__main__":
    unittest.main()
