"""One iteration of style transfer in PyTorch: the same layers, losses and optimisers as
bench/style_transfer.cpp, VGG-19 at full width with random weights, in-place ReLU as neural-style's
ports have it. Prints one JSON line: milliseconds an iteration (median), and by how many MB the
resident memory's peak exceeds what was held once the network was loaded."""
import argparse
import json
import statistics
import time

import torch
from torch import nn

STYLE = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
CONTENT = ("relu4_2",)


def vgg19_to_relu5_1():
    layers, names, channels = [], [], 3
    for block, (width, count) in enumerate(zip((64, 128, 256, 512, 512), (2, 2, 4, 4, 1)), 1):
        for i in range(1, count + 1):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
            names += [f"conv{block}_{i}", f"relu{block}_{i}"]
            channels = width
        if block < 5:
            layers.append(nn.MaxPool2d(2))
            names.append(f"pool{block}")
    for layer in layers:
        layer.requires_grad_(False)
    return list(zip(names, layers))


def gram(f):
    f = f.flatten(2)[0].float()
    return f @ f.T / f.numel()


def taps(network, x):
    mean = x.new_tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
    std = x.new_tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
    x, found = ((x - mean) / std).to(network[0][1].weight.dtype), {}
    for name, layer in network:
        x = layer(x)
        if name in STYLE or name in CONTENT:
            found[name] = x.float()
    return found


def status(key):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(key)) / 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--optimizer", choices=("adam", "lbfgs"), required=True)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", choices=("fp32", "tf32", "bf16"), default="fp32")
    args = parser.parse_args()
    torch.manual_seed(0)
    device = torch.device(args.device)
    if args.precision != "bf16":
        precision = {"fp32": "ieee", "tf32": "tf32"}[args.precision]
        torch.backends.cudnn.conv.fp32_precision = precision
        torch.backends.cuda.matmul.fp32_precision = precision
    storage = torch.bfloat16 if args.precision == "bf16" else torch.float32
    network = [(name, layer.to(device, storage)) for name, layer in vgg19_to_relu5_1()]
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # the peak starts here
    held = status("VmRSS")

    image = torch.rand(1, 3, args.size, args.size, device=device)
    with torch.no_grad():
        target = taps(network, torch.rand_like(image))
        content = {name: target[name].clone() for name in CONTENT}
        style = {name: gram(target[name]) for name in STYLE}
        del target
    image.requires_grad_()
    if args.optimizer == "adam":
        optimizer = torch.optim.Adam([image], lr=10 / 255)
    else:
        optimizer = torch.optim.LBFGS(
            [image], max_iter=1, history_size=100, tolerance_grad=0, tolerance_change=0)

    def closure():
        optimizer.zero_grad()
        found = taps(network, image)
        loss = sum(5 * nn.functional.mse_loss(found[n], content[n]) for n in CONTENT)
        loss = loss + sum(100 * nn.functional.mse_loss(gram(found[n]), style[n]) for n in STYLE)
        u, v = image[..., 1:] - image[..., :-1], image[..., 1:, :] - image[..., :-1, :]
        loss = loss + 0.5e-3 * (u.square().sum() + v.square().sum())
        loss.backward()
        return loss

    for _ in range(101 if args.optimizer == "lbfgs" else 1):
        optimizer.step(closure)
    times, start = [], time.perf_counter()
    while len(times) < 3 or time.perf_counter() - start < args.seconds:
        before = time.perf_counter()
        optimizer.step(closure)
        if device.type == "cuda":
            torch.cuda.synchronize()
        times.append(1000 * (time.perf_counter() - before))
    peak = (torch.cuda.max_memory_allocated() / 1e6 - sum(
        p.numel() * 4 for _, layer in network for p in layer.parameters()) / 1e6
            if device.type == "cuda" else status("VmHWM") - held)
    print(json.dumps({"ms": statistics.median(times), "mb": peak,
                      "torch": torch.__version__, "threads": torch.get_num_threads()}))


if __name__ == "__main__":
    main()
