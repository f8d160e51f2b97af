"""Classifiers as torchvision and timm have them, at an eighth of their width, with arrays that C++
draws alike by their names: their logits, and the gradient of a seed on these at the image."""
import numpy as np
import timm
import torch
import torchvision
from torch import nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from golden_networks import Normalise, normalise_imagenet
from golden_ops import picture, uniform

NARROWER = 8
MARGIN = 1e-5
LOGIT_SEED = 100


def fnv1a(text):
    """The seed of a name."""
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def draw(module, name_of=lambda name: name):
    """He-scaled weights, biases of either sign, BatchNorm statistics away from 0 and 1."""
    with torch.no_grad():
        for own_name, array in module.state_dict().items():
            name = name_of(own_name)
            low, high = -0.3, 0.3
            if name.endswith("num_batches_tracked"):
                continue
            if array.dim() > 1:
                high = (6 / array[0].numel()) ** 0.5
                low = -high
            elif name.endswith(("running_var", "weight")):
                low, high = 0.5, 1.5
            low, high = np.float32([low, high]).astype(float)  # as C++ has them
            array.copy_(uniform(array.shape, fnv1a(name), low, high))
    return module.double().eval()


def narrow(module):
    """Every layer with an eighth of its channels; an image keeps its three."""
    def eighth(channels):
        return channels if channels == 3 else channels // NARROWER

    for name, child in module.named_children():
        if isinstance(child, nn.Conv2d):
            child = nn.Conv2d(eighth(child.in_channels), eighth(child.out_channels),
                              child.kernel_size, child.stride, child.padding,
                              bias=child.bias is not None)
        elif isinstance(child, nn.BatchNorm2d):
            child = nn.BatchNorm2d(eighth(child.num_features), child.eps)
        elif isinstance(child, nn.Linear):
            child = nn.Linear(eighth(child.in_features), eighth(child.out_features))
        else:
            narrow(child)
            continue
        setattr(module, name, child)
    return module


def small_stem(model):
    """For images of 32 pixels, as CIFAR's users change it."""
    model.conv1 = nn.Conv2d(3, model.conv1.out_channels, 3, 1, 1, bias=False)
    model.maxpool = nn.Identity()
    return model


class CifarBlock(nn.Module):
    """He et al. 2016, section 4.2: the shortcut pads with zeros (option A)."""

    def __init__(self, channels, out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.stride, self.missing = stride, out - channels

    def forward(self, x):
        y = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        if self.missing:
            half = self.missing // 2
            x = functional.pad(x[:, :, ::self.stride, ::self.stride],
                               (0, 0, 0, 0, half, self.missing - half))
        return functional.relu(y + x)


def cifar_resnet(blocks):
    channels, stages = 16, []
    for stage, width in enumerate([16, 32, 64]):
        strides = [1 if stage == 0 else 2] + [1] * (blocks - 1)
        layers = []
        for stride in strides:
            layers.append(CifarBlock(channels, width, stride))
            channels = width
        stages.append((f"layer{stage + 1}", nn.Sequential(*layers)))
    model = nn.Sequential()
    model.add_module("conv1", nn.Conv2d(3, 16, 3, 1, 1, bias=False))
    model.add_module("bn1", nn.BatchNorm2d(16))
    model.add_module("relu", nn.ReLU())
    for name, stage in stages:
        model.add_module(name, stage)
    model.add_module("avgpool", nn.AdaptiveAvgPool2d(1))
    model.add_module("flatten", nn.Flatten())
    model.add_module("fc", nn.Linear(64, 10))
    return model


class CaffeInception(nn.Module):
    def __init__(self, channels, one, three_in, three, five_in, five, pooled):
        super().__init__()
        self.one = nn.Conv2d(channels, one, 1)
        self.three_in = nn.Conv2d(channels, three_in, 1)
        self.three = nn.Conv2d(three_in, three, 3, padding=1)
        self.five_in = nn.Conv2d(channels, five_in, 1)
        self.five = nn.Conv2d(five_in, five, 5, padding=2)
        self.pooled = nn.Conv2d(channels, pooled, 1)

    def forward(self, x):
        relu = functional.relu
        return torch.cat([relu(self.one(x)),
                          relu(self.three(relu(self.three_in(x)))),
                          relu(self.five(relu(self.five_in(x)))),
                          relu(self.pooled(functional.max_pool2d(x, 3, 1, 1)))], 1)


class CaffeGoogLeNet(nn.Module):
    """bvlc_googlenet's deploy.prototxt, whose widths are torchvision's."""

    def __init__(self):
        super().__init__()
        peer = torchvision.models.GoogLeNet(aux_logits=False, init_weights=False)
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3)
        self.conv2 = nn.Conv2d(64, 64, 1)
        self.conv3 = nn.Conv2d(64, 192, 3, padding=1)
        for name, module in peer.named_children():
            if not name.startswith("inception"):
                continue
            first, three, five = module.branch1, module.branch2, module.branch3
            self.add_module(name, CaffeInception(
                first.conv.in_channels, first.conv.out_channels, three[0].conv.out_channels,
                three[1].conv.out_channels, five[0].conv.out_channels,
                five[1].conv.out_channels, module.branch4[1].conv.out_channels))
        self.fc = nn.Linear(1024, 1000)

    def forward(self, x):
        def norm(x):
            return functional.local_response_norm(x, 5, 1e-4, 0.75, 1)

        def halve(x):
            return functional.max_pool2d(x, 3, 2, ceil_mode=True)

        relu = functional.relu
        x = norm(halve(relu(self.conv1(x))))
        x = halve(norm(relu(self.conv3(relu(self.conv2(x))))))
        for name in ["3a", "3b", "pool", "4a", "4b", "4c", "4d", "4e", "pool", "5a", "5b"]:
            x = halve(x) if name == "pool" else getattr(self, f"inception{name}")(x)
        return self.fc(x.mean((2, 3)))


def caffe_name(name):
    """What Caffe calls an array of CaffeGoogLeNet."""
    layer, kind = name.rsplit(".", 1)
    known = {"conv1": "conv1/7x7_s2", "conv2": "conv2/3x3_reduce", "conv3": "conv2/3x3",
             "fc": "loss3/classifier"}
    parts = {"one": "1x1", "three_in": "3x3_reduce", "three": "3x3", "five_in": "5x5_reduce",
             "five": "5x5", "pooled": "pool_proj"}
    if layer not in known:
        module, part = layer.split(".")
        known[layer] = f"inception_{module[-2:]}/{parts[part]}"
    return f"{known[layer]}.{kind}"


def convnetjs():
    model = nn.Sequential()
    channels = 3
    for i, width in enumerate([16, 20, 20], 1):
        model.add_module(f"conv{i}", nn.Conv2d(channels, width, 5, padding=2))
        model.add_module(f"relu{i}", nn.ReLU())
        model.add_module(f"pool{i}", nn.MaxPool2d(2))
        channels = width
    model.add_module("fc", nn.Conv2d(20, 10, 4))
    model.add_module("flatten", nn.Flatten())
    return model


def convexadv():
    return nn.Sequential(nn.Conv2d(3, 16, 4, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 4, 2, 1),
                         nn.ReLU(), nn.Flatten(), nn.Linear(2048, 100), nn.ReLU(),
                         nn.Linear(100, 10))


def classifiers():
    """(name of the golden, network, preprocessing before it, image's height, width)"""
    def of_torchvision(name):
        extra = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
        return draw(narrow(torchvision.models.get_model(name, weights=None, **extra)))

    # Its BatchNorm has an activation within, so that it is made narrow.
    dense = timm.create_model("densenet169", growth_rate=32 // NARROWER,
                              num_classes=1000 // NARROWER)

    imagenet = normalise_imagenet()
    mean = [0.485, 0.456, 0.406]
    return [
        ("alexnet", of_torchvision("alexnet"), imagenet, 80, 72),
        ("resnet18_small", draw(narrow(small_stem(torchvision.models.resnet18()))), imagenet,
         24, 16),
        ("resnet34", draw(narrow(timm.create_model("resnet34"))), imagenet, 48, 40),
        ("resnet50", of_torchvision("resnet50"), imagenet, 48, 40),
        ("resnet20_cifar10", draw(cifar_resnet(3)), imagenet, 16, 12),
        ("resnet56_cifar10", draw(cifar_resnet(9)), imagenet, 12, 8),
        ("googlenet_bvlc", draw(narrow(CaffeGoogLeNet()), caffe_name),
         Normalise([104, 117, 123], [1, 1, 1], 255.0, True), 64, 48),
        ("googlenet", of_torchvision("googlenet"), imagenet, 64, 48),
        ("squeezenet1_0", of_torchvision("squeezenet1_0"), imagenet, 64, 48),
        ("squeezenet1_1", of_torchvision("squeezenet1_1"), imagenet, 64, 48),
        ("densenet121", of_torchvision("densenet121"), imagenet, 48, 40),
        ("densenet169", draw(dense), imagenet, 48, 40),
        ("convnetjs_cifar10", draw(convnetjs()), Normalise([0.5] * 3, [1] * 3), 32, 32),
        ("convexadv_cifar_small", draw(convexadv()), Normalise(mean, [0.225] * 3), 32, 32),
    ]


class Margins(TorchFunctionMode):
    """Least |x| before a ReLU over its layer's root mean square, over all calls."""

    def __init__(self):
        super().__init__()
        self.least = float("inf")

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if getattr(function, "__name__", "") in ("relu", "relu_"):
            x = args[0].detach()
            self.least = min(self.least, (x.abs().min() / x.square().mean().sqrt()).item())
        return function(*args, **(kwargs or {}))


def steady(network, height, width):
    """The first picture on which no unit is near its switching point, with its logits."""
    for seed in range(1, 400):
        image = picture((1, 3, height, width), seed).requires_grad_()
        with Margins() as margins:
            logits = network(image)
        assert margins.least < 1, "no ReLU was seen"
        if margins.least >= MARGIN:
            return seed, image, logits
    raise SystemExit(f"no picture of {height} x {width} has a margin of {MARGIN}")


def classifier_goldens(sample):
    out = {}
    for name, model, preprocessing, height, width in classifiers():
        seed, image, logits = steady(nn.Sequential(preprocessing, model), height, width)
        loss = (uniform(logits.shape, LOGIT_SEED, -1, 1) * logits).sum()
        gradient, = torch.autograd.grad(loss, image)
        print(f"{name}: picture {seed}, logits {logits.abs().mean().item():.3g}")
        out[f"{name}.image"] = torch.tensor([seed, height, width])
        out[f"{name}.logits"] = logits[0]
        out[f"{name}.gradient"] = sample(gradient)
    return out
