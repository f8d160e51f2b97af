"""The real classifiers of the attribution goldens as PyTorch modules. Pixels are RGB in [0,1]: the
normalisation is the first module, so that a baseline means a colour. Every ReLU is a module of its
own, since Captum's guided backpropagation hooks modules."""
import torch
from safetensors.torch import load_file
from torch import nn

from golden_networks import Normalise, normalise_imagenet


class Unit(nn.Module):
    """A convolution with bias and its ReLU."""

    def __init__(self, c_in, c_out, size, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, size, stride, size // 2)
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(self.conv(x))


class Inception(nn.Module):
    def __init__(self, c_in, one, three_in, three, five_in, five, pool):
        super().__init__()
        self.branch1 = Unit(c_in, one, 1)
        self.branch2 = nn.Sequential(Unit(c_in, three_in, 1), Unit(three_in, three, 3))
        self.branch3 = nn.Sequential(Unit(c_in, five_in, 1), Unit(five_in, five, 5))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, 1, 1), Unit(c_in, pool, 1))

    def forward(self, x):
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


class GoogLeNet(nn.Module):
    """Szegedy et al. 2014 as Caffe's model zoo has it: no BatchNorm, local response normalisation,
    a 5x5 branch, poolings that round up. Returns logits."""

    def __init__(self):
        super().__init__()
        self.normalise = Normalise([104, 117, 123], [1, 1, 1], 255.0, True)
        self.conv1 = Unit(3, 64, 7, 2)
        self.conv2 = Unit(64, 64, 1)
        self.conv3 = Unit(64, 192, 3)
        self.lrn = nn.LocalResponseNorm(5, 1e-4, 0.75, 1.0)
        self.pool = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.inception3a = Inception(192, 64, 96, 128, 16, 32, 32)
        self.inception3b = Inception(256, 128, 128, 192, 32, 96, 64)
        self.inception4a = Inception(480, 192, 96, 208, 16, 48, 64)
        self.inception4b = Inception(512, 160, 112, 224, 24, 64, 64)
        self.inception4c = Inception(512, 128, 128, 256, 24, 64, 64)
        self.inception4d = Inception(512, 112, 144, 288, 32, 64, 64)
        self.inception4e = Inception(528, 256, 160, 320, 32, 128, 128)
        self.inception5a = Inception(832, 256, 160, 320, 32, 128, 128)
        self.inception5b = Inception(832, 384, 192, 384, 48, 128, 128)
        self.fc = nn.Linear(1024, 1000)

    def forward(self, x):
        x = self.lrn(self.pool(self.conv1(self.normalise(x))))
        x = self.pool(self.lrn(self.conv3(self.conv2(x))))
        x = self.pool(self.inception3b(self.inception3a(x)))
        x = self.inception4c(self.inception4b(self.inception4a(x)))
        x = self.pool(self.inception4e(self.inception4d(x)))
        x = self.inception5b(self.inception5a(x))
        return self.fc(x.mean((2, 3)))


class Block(nn.Module):
    """He et al. 2015; the shortcut of option A takes every second pixel and pads channels with 0."""

    def __init__(self, c_in, c_out):
        super().__init__()
        self.stride, self.extra = c_out // c_in, c_out - c_in
        self.conv1 = nn.Conv2d(c_in, c_out, 3, self.stride, 1, bias=False)
        self.bn1, self.relu1 = nn.BatchNorm2d(c_out), nn.ReLU()
        self.conv2 = nn.Conv2d(c_out, c_out, 3, 1, 1, bias=False)
        self.bn2, self.relu2 = nn.BatchNorm2d(c_out), nn.ReLU()

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x)))))
        before = self.extra // 2
        shortcut = nn.functional.pad(x[:, :, ::self.stride, ::self.stride],
                                     (0, 0, 0, 0, before, self.extra - before))
        return self.relu2(y + shortcut)


class ResNet20(nn.Module):
    """For CIFAR-10. Returns logits."""

    def __init__(self):
        super().__init__()
        self.normalise = normalise_imagenet()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1, self.relu = nn.BatchNorm2d(16), nn.ReLU()
        self.layer1 = nn.Sequential(Block(16, 16), Block(16, 16), Block(16, 16))
        self.layer2 = nn.Sequential(Block(16, 32), Block(32, 32), Block(32, 32))
        self.layer3 = nn.Sequential(Block(32, 64), Block(64, 64), Block(64, 64))
        self.linear = nn.Linear(64, 10)

    def forward(self, x):
        x = self.relu(self.bn1(self.conv1(self.normalise(x))))
        return self.linear(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


def classifier(make, data, file):
    """In double precision, with the weights of the test data; every array of the file is used."""
    model = make().double().eval()
    weights = load_file(data / "weights" / f"{file}.safetensors")
    missing, unexpected = model.load_state_dict(weights, strict=False)
    own = [name for name in missing
           if not name.startswith("normalise.") and not name.endswith("num_batches_tracked")]
    if own or unexpected:
        raise SystemExit(f"{file}: missing {own}, unexpected {unexpected}")
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return model
