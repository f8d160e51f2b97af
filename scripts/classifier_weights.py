"""What convert_weights.py knows of classifiers: the names that the engine reads, which network a
list of tensors belongs to, and the preprocessing and labels that its users state elsewhere."""

import json
import re
from pathlib import Path
from typing import Dict, List, Optional, Tuple

Shapes = Dict[str, Tuple[int, ...]]

RESNETS = {
    (False, (2, 2, 2, 2)): "resnet18",
    (False, (3, 4, 6, 3)): "resnet34",
    (True, (3, 4, 6, 3)): "resnet50",
    (True, (3, 4, 23, 3)): "resnet101",
    (True, (3, 8, 36, 3)): "resnet152",
    **{(False, (n, n, n)): f"resnet{6 * n + 2}_cifar10" for n in (3, 5, 7, 9, 18)},
}
DENSENETS = {
    (6, 12, 24, 16): "densenet121",
    (6, 12, 36, 24): "densenet161",
    (6, 12, 32, 32): "densenet169",
    (6, 12, 48, 32): "densenet201",
}
VGGS = {
    "vgg11": (1, 1, 2, 2, 2), "vgg13": (2, 2, 2, 2, 2), "vgg16": (2, 2, 3, 3, 3),
    "vgg19": (2, 2, 4, 4, 4),
}  # fmt: skip
SMALL = {
    frozenset(("conv1", "conv2", "conv3", "fc")): "convnetjs_cifar10",
    frozenset(("0", "2", "5", "7")): "convexadv_cifar_small",
}
OTHERS = ("alexnet", "squeezenet1_0", "squeezenet1_1", "googlenet", "googlenet_bvlc")
MODELS = {
    *RESNETS.values(), *DENSENETS.values(), *VGGS, *(f"{name}_bn" for name in VGGS),
    *SMALL.values(), *OTHERS,
}  # fmt: skip

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# torchvision's published GoogLeNet comes from TensorFlow: its `transform_input` turns ImageNet's
# normalisation into the one that it was trained with, pixels in [-1, 1].
TENSORFLOW_GOOGLENET = "googlenet-1378be20"


class Problem(Exception):
    """One line for the user."""


def engine_name(name: str) -> str:
    """The engine's name of a tensor: `downsample` for `shortcut`, and DenseNet's layers as they
    are written today (norm1, once norm.1)."""
    name = re.sub(r"^(layer\d+\.\d+)\.shortcut\.", r"\1.downsample.", name)
    return re.sub(r"(denselayer\d+\.(?:norm|relu|conv))\.([12])\.", r"\1\2.", name)


def count(shapes: Shapes, pattern: str) -> Tuple[int, ...]:
    """For each value of the first group the number of values of the second."""
    found: Dict[int, set] = {}
    for name in shapes:
        match = re.match(pattern, name)
        if match:
            found.setdefault(int(match[1]), set()).add(match[2])
    return tuple(len(found[key]) for key in sorted(found))


def vgg_of(shapes: Shapes) -> Optional[str]:
    """The VGG whose convolutions stand at these places of `features`. A file that was cut off
    may be several's, and is none's."""
    norms = "features.1.running_mean" in shapes
    pattern = re.compile(r"features\.(\d+)\.weight")
    found = {int(m[1]) for m in map(pattern.fullmatch, shapes) if m and len(shapes[m[0]]) == 4}
    for name, blocks in VGGS.items():
        places, index = set(), 0
        for convs in blocks:
            for _ in range(convs):
                places.add(index)
                index += 3 if norms else 2  # with its ReLU
            index += 1  # the pooling
        if places == found:
            return name + ("_bn" if norms else "")
    return None


def model_of(shapes: Shapes) -> Optional[str]:
    """The engine's name for the network of these tensors; None if it is none of them."""
    if {"conv1.weight", "layer1.0.conv1.weight"} <= shapes.keys():
        inner = shapes.get("layer1.0.conv2.weight", (0, 0))
        if len(inner) == 4 and inner[1] != shapes["layer1.0.conv1.weight"][0]:
            raise Problem("is a ResNeXt (grouped convolutions), which the engine does not have")
        blocks = count(shapes, r"layer(\d+)\.(\d+)\.conv1\.weight")
        return RESNETS.get(("layer1.0.conv3.weight" in shapes, blocks))
    if "features.conv0.weight" in shapes:
        return DENSENETS.get(count(shapes, r"features\.denseblock(\d+)\.denselayer(\d+)\.conv1\."))
    if "inception_3a/1x1.weight" in shapes:
        return "googlenet_bvlc"
    if "inception3a.branch1.conv.weight" in shapes:
        return "googlenet" if "inception3a.branch1.bn.weight" in shapes else "googlenet_bvlc"
    first = shapes.get("features.0.weight", ())
    if "features.3.squeeze.weight" in shapes:
        return "squeezenet1_0" if first[2:] == (7, 7) else "squeezenet1_1"
    if first[2:] == (11, 11):
        return "alexnet"
    if first[2:] == (3, 3):
        return vgg_of(shapes)
    return SMALL.get(frozenset(name.rsplit(".", 1)[0] for name in shapes))


def triple(values) -> str:
    return "(" + ",".join(f"{value:.10g}" for value in values) + ")"


def input_text(mean, std) -> str:
    """The metadata's `input` of a network that reads RGB in [0,1]."""
    return f"RGB 0..1 minus {triple(mean)} over {triple(std)}"


def assumed_input(model: str, source: str) -> Optional[Tuple[str, str]]:
    """Preprocessing where nobody states any, and the reason; None where the engine's own, or the
    user, must know better."""
    if model in SMALL.values() or model == "googlenet_bvlc":
        return None
    if source.startswith(TENSORFLOW_GOOGLENET):
        return input_text((0.5,) * 3, (0.5,) * 3), "torchvision's published weights"
    return input_text(IMAGENET_MEAN, IMAGENET_STD), "nothing said; --mean and --std say otherwise"


def numbers(values, what: str) -> List[float]:
    try:
        listed = [float(value) for value in values]
    except (TypeError, ValueError):
        listed = []
    if len(listed) != 3 or (what.endswith("std") and min(listed) <= 0):
        raise Problem(f"{what} is {values!r}, expected three numbers")
    return listed


def read_config(path: Path, required: bool) -> Dict[str, str]:
    """The metadata that timm's config.json states. One that is not timm's says nothing, unless it
    was asked for."""
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Problem(f"{path}: cannot be read as JSON: {error}") from None
    if not isinstance(config, dict) or not isinstance(config.get("architecture"), str):
        if required:
            raise Problem(f"{path}: has no 'architecture': not a timm config.json")
        return {}
    model = config["architecture"].split(".")[0]
    if model not in MODELS:
        raise Problem(f"{path}: architecture '{model}' is none that the engine has")
    details = config.get("pretrained_cfg", config)
    if not isinstance(details, dict):
        raise Problem(f"{path}: 'pretrained_cfg' is no object")
    metadata = {"model": model}
    if "mean" in details and "std" in details:
        mean = numbers(details["mean"], f"{path}: mean")
        metadata["input"] = input_text(mean, numbers(details["std"], f"{path}: std"))
    size = details.get("input_size")
    if size is not None:
        if not isinstance(size, list) or len(size) != 3 or size[1] != size[2] or size[0] != 3:
            raise Problem(f"{path}: input_size is {size!r}, expected [3, side, side]")
        metadata["input_size"] = str(size[1])
    names = config.get("label_names", details.get("label_names"))
    if names:
        described = config.get("label_descriptions", details.get("label_descriptions")) or {}
        metadata["labels"] = labels_text([described.get(name, name) for name in names])
    return metadata


def labels_text(names: List[str]) -> str:
    return json.dumps(names, ensure_ascii=False)


def read_labels(given: str) -> str:
    """--labels as the metadata have it: a file (a JSON list, ImageNet's JSON index, or a line a
    class), or names between commas."""
    path = Path(given)
    if not path.is_file():
        if "," not in given:
            raise Problem(f"--labels {given}: no such file; expected one, or names between commas")
        return labels_text([name.strip() for name in given.split(",")])
    text = path.read_text(encoding="utf-8").strip()
    if text[:1] not in ("[", "{"):
        return labels_text([line.strip() for line in text.splitlines()])
    try:
        names = json.loads(text)
        if isinstance(names, dict):
            names = [names[str(i)] for i in range(len(names))]
        names = [name[-1] if isinstance(name, list) else name for name in names]
        if not all(isinstance(name, str) for name in names):
            raise ValueError("a name is no text")
        return labels_text(names)
    except (ValueError, KeyError, IndexError) as error:
        raise Problem(f"--labels {given}: is no list of names: {error}") from None
