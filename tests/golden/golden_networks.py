"""The networks of the goldens, as lists of (tap name, module) in double precision."""
import torch
from safetensors.torch import load_file
from torch import nn
from torchvision.models import vgg

from golden_ops import RuledRelu, uniform

BLOCKS = {"vgg11": [1, 1, 2, 2, 2], "vgg16": [2, 2, 3, 3, 3], "vgg19": [2, 2, 4, 4, 4]}


class Normalise(nn.Module):
    """(scale x - mean) / std, channels reversed first if the network reads BGR."""

    def __init__(self, mean, std, scale=1.0, reverse=False):
        super().__init__()
        # float32 first: what a network file or its code can hold.
        shape = (1, 3, 1, 1)
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).double().view(shape))
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).double().view(shape))
        self.scale, self.reverse = scale, reverse

    def forward(self, x):
        if self.reverse:
            x = x.flip(1)
        return (self.scale * x - self.mean) / self.std


def normalise_imagenet():
    return Normalise([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


def named(features, model):
    """Names for the modules of torchvision's `features`: conv1_1, bn1_1, relu1_1, pool1, ..."""
    layers, modules = [], iter(features)
    for block, convolutions in enumerate(BLOCKS[model], 1):
        for i in range(1, convolutions + 1):
            for module in modules:
                if isinstance(module, nn.ReLU):
                    layers.append((f"relu{block}_{i}", RuledRelu()))
                    break
                kind = "conv" if isinstance(module, nn.Conv2d) else "bn"
                layers.append((f"{kind}{block}_{i}", module))
            else:
                return layers
        pool = next(modules, None)
        if pool is None:
            return layers
        layers.append((f"pool{block}", pool))
    return layers


def fill(module, seed, dtype):
    """He-scaled weights, biases of either sign, BatchNorm statistics away from 0 and 1. Rounded to
    `dtype`, in which the file will hold them."""
    with torch.no_grad():
        for i, (name, array) in enumerate(module.state_dict().items()):
            if name.endswith("num_batches_tracked"):
                continue
            if array.dim() > 1:
                bound = (6 / array[0].numel()) ** 0.5
                values = uniform(array.shape, seed + i, -bound, bound)
            elif name.endswith("running_var"):
                values = uniform(array.shape, seed + i, 0.5, 2)
            elif name.endswith("weight"):
                values = uniform(array.shape, seed + i, -0.5, 1.5)
            else:
                values = uniform(array.shape, seed + i, -0.3, 0.3)
            array.copy_(values.to(dtype).double())
    return module.double().eval()


def vgg19_narrow():
    """VGG-19 to relu5_1 at an eighth of the width; weights that float16 holds exactly."""
    plan = [8, 8, "M", 16, 16, "M"] + [32] * 4 + ["M"] + [64] * 4 + ["M", 64]
    features = fill(vgg.make_layers(plan, batch_norm=False), 1000, torch.float16)
    weights = {f"features.{k}": v.half() for k, v in features.state_dict().items()}
    return [("input", normalise_imagenet())] + named(features, "vgg19"), weights


def vgg11_bn_narrow():
    """VGG-11 with BatchNorm at a sixteenth of the width, classifier and all; the file mixes
    float16, bfloat16 and float32 (statistics)."""
    plan = [4, "M", 8, "M", 16, 16, "M", 32, 32, "M", 32, 32, "M"]
    features = fill(vgg.make_layers(plan, batch_norm=True), 2000, torch.float16)
    classifier = fill(
        nn.Sequential(nn.Linear(32 * 49, 16), nn.ReLU(), nn.Dropout(), nn.Linear(16, 16), nn.ReLU(),
                      nn.Dropout(), nn.Linear(16, 10)), 3000, torch.bfloat16)
    weights = {}
    for key, value in features.state_dict().items():
        norm = key.split(".")[0] + ".running_mean" in features.state_dict()
        if value.is_floating_point():
            weights[f"features.{key}"] = value.float() if norm else value.half()
    for key, value in classifier.state_dict().items():
        weights[f"classifier.{key}"] = value.bfloat16()
    layers = [("input", normalise_imagenet())] + named(features, "vgg11")
    layers += [("avgpool", nn.AdaptiveAvgPool2d(7)), ("flatten", nn.Flatten()),
               ("fc6", classifier[0]), ("relu6", RuledRelu()), ("fc7", classifier[3]),
               ("relu7", RuledRelu()), ("fc8", classifier[6])]
    return layers, weights


def timm_head(layers):
    """The same network with timm's head: two convolutions (7x7, 1x1), then pool, then linear."""
    modules = dict(layers)
    first, second = (nn.Conv2d(32, 16, 7).double(), nn.Conv2d(16, 16, 1).double())
    with torch.no_grad():
        for conv, linear in [(first, modules["fc6"]), (second, modules["fc7"])]:
            conv.weight.copy_(linear.weight.view_as(conv.weight))
            conv.bias.copy_(linear.bias)
    body = layers[:[name for name, _ in layers].index("avgpool")]
    return body + [("fc6", first), ("relu6", RuledRelu()), ("fc7", second), ("relu7", RuledRelu()),
                   ("avgpool", nn.AdaptiveAvgPool2d(1)), ("flatten", nn.Flatten()),
                   ("fc8", modules["fc8"])]


def convolution(weights, name, padding=0):
    weight = weights[f"{name}.weight"]
    conv = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2], padding=padding).double()
    conv.load_state_dict({"weight": weight, "bias": weights[f"{name}.bias"]})
    return conv


def real_vgg19(data):
    """VGG-19 topology with its own 1x1 preprocessing, reflection padding, to relu5_1."""
    weights = load_file(data / "weights" / "vgg19_16x_SE5.safetensors")
    layers = [("preprocess", convolution(weights, "conv0"))]
    for block, convolutions in enumerate(BLOCKS["vgg19"], 1):
        for i in range(1, convolutions + 1):
            if f"conv{block}{i}.weight" not in weights:
                return layers
            layers += [(f"pad{block}_{i}", nn.ReflectionPad2d(1)),
                       (f"conv{block}_{i}", convolution(weights, f"conv{block}{i}")),
                       (f"relu{block}_{i}", RuledRelu())]
        layers.append((f"pool{block}", nn.MaxPool2d(2)))
    return layers


def real_vgg16(data):
    """VGG-16 at full width for BGR 0..255 less a mean, zero padding, to relu5_3."""
    weights = load_file(data / "weights" / "vgg16_hed.safetensors")
    layers = [("input", Normalise([104.00699, 116.66877, 122.67892], [1, 1, 1], 255.0, True))]
    index = 0
    for block, convolutions in enumerate(BLOCKS["vgg16"], 1):
        for i in range(1, convolutions + 1):
            layers += [(f"conv{block}_{i}", convolution(weights, f"features.{index}", 1)),
                       (f"relu{block}_{i}", RuledRelu())]
            index += 2
        layers.append((f"pool{block}", nn.MaxPool2d(2)))
        index += 1
    return layers
