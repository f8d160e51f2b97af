"""The peer of bench/network.py: a torchvision network's forward pass, and the forward pass with the
gradient of one class's logits at the image, in PyTorch, channels last, weights frozen.

    network.py --model resnet50 --weights F.safetensors --batch 64 --precision bf16 --how compile ...

Prints a JSON line: milliseconds, the median of 20 runs after 3, the peak of the GPU's memory, and the
length of the first image's scores and gradient."""
import argparse
import json
import statistics
import time

import torch
from attribution import load, picture
from torch import nn


class In(nn.Module):
    """Casts between the normalisation, which is in fp32 on both sides, and the network."""

    def __init__(self, network, dtype):
        super().__init__()
        self.network, self.dtype = network.to(dtype), dtype

    def forward(self, x):
        return self.network(x.to(self.dtype)).float()


def median_ms(work, device):
    times = []
    for i in range(23):
        start = time.perf_counter()
        work()
        if device != "cpu":
            torch.cuda.synchronize()
        if i >= 3:
            times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--precision", choices=("fp32", "tf32", "bf16"), default="fp32")
    parser.add_argument("--how", choices=("eager", "compile"), default="eager")
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    if args.device != "cpu":
        precision = "tf32" if args.precision == "tf32" else "ieee"
        torch.backends.cudnn.conv.fp32_precision = precision
        torch.backends.cuda.matmul.fp32_precision = precision
        torch.backends.cudnn.benchmark = True
    model = load(args)
    model.network = In(model.network, torch.bfloat16 if args.precision == "bf16" else torch.float32)
    model = model.to(memory_format=torch.channels_last)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    if args.how == "compile":
        model = torch.compile(model)
    image = picture(args.size).to(args.device).repeat(args.batch, 1, 1, 1)
    image = image.to(memory_format=torch.channels_last)

    def forward():
        with torch.no_grad():
            model(image)

    def gradient():
        image.requires_grad_()
        return torch.autograd.grad(model(image)[:, 0].sum(), image)[0]

    times = {"forward_ms": median_ms(forward, args.device),
             "gradient_ms": median_ms(gradient, args.device)}
    with torch.no_grad():
        scores = model(image)
    norms = {"scores_norm": float(scores[0].norm()), "gradient_norm": float(gradient()[0].norm())}
    memory = torch.cuda.max_memory_allocated() / 1e6 if args.device != "cpu" else None
    print(json.dumps({**times, **norms, "mb": memory, "torch": torch.__version__}))


if __name__ == "__main__":
    main()
