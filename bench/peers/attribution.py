"""The peers of bench/attribution.py: Captum and pytorch-grad-cam on torchvision's networks.

    attribution.py weights --model M --out F.safetensors     random weights that both sides load
    attribution.py occlusion --model M --weights F ...       one Captum sweep; prints a JSON line
    attribution.py maps --method M --model M --weights F --images ...  maps and pictures

Importing what a task needs is part of its time where the start-up is timed (maps)."""
import argparse
import json
import os
import resource
import sys
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Normalised(nn.Module):
    """Takes pixels in [0,1], as the engine does."""

    def __init__(self, network):
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1))

    def forward(self, x):
        return self.network((x - self.mean) / self.std)


def network_of(model):
    if model == "googlenet_bvlc":  # not one of torchvision's
        sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "golden"))
        from golden_classifiers import GoogLeNet
        return GoogLeNet()
    from torchvision import models
    more = {"aux_logits": False, "init_weights": False} if model == "googlenet" else {}
    return getattr(models, model)(weights=None, **more)


def load(arguments):
    """In eval mode; normalises inside, as the engine does."""
    network = network_of(arguments.model)
    missing, unexpected = network.load_state_dict(load_file(arguments.weights), strict=False)
    if unexpected or any(name.endswith("weight") for name in missing):
        raise SystemExit(f"{arguments.weights}: missing {missing}, unexpected {unexpected}")
    if arguments.model != "googlenet_bvlc":
        network = Normalised(network)
    return network.float().eval().to(arguments.device)


def make_weights(arguments):
    """He's initialisation, so that scores differ; BatchNorm the identity."""
    torch.manual_seed(0)
    network = network_of(arguments.model)
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    arrays = {name: array for name, array in network.state_dict().items()
              if array.is_floating_point()}
    save_file(arrays, arguments.out, {"model": arguments.model})


def picture(size):
    values = (np.arange(3 * size * size, dtype=np.int64) * 7919 % 1009).astype(np.float32)
    return torch.from_numpy(values / np.float32(1009)).view(1, 3, size, size)


def occlusion(arguments):
    from captum.attr import Occlusion
    model = load(arguments)
    image = picture(arguments.size).to(arguments.device)
    size, stride = arguments.patch, arguments.stride
    with torch.no_grad():
        model(image.expand(arguments.batch, -1, -1, -1))  # what a first run prepares
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.perf_counter()
        attribution = Occlusion(model).attribute(
            image, sliding_window_shapes=(3, size, size), strides=(3, stride, stride), target=0,
            baselines=0, perturbations_per_eval=arguments.batch).cpu()
        seconds = time.perf_counter() - start
    np.save(arguments.out, attribution[0, 0].numpy())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": seconds, "mb": (peak - before) * 1024 / 1e6,
                      "batch": arguments.batch, "torch": torch.__version__,
                      "threads": torch.get_num_threads()}))


def framed(path, size):
    """The short side at `size`, the middle of it, as torchvision's Resize and CenterCrop do."""
    from PIL import Image
    image = Image.open(path).convert("RGB")
    scale = size / min(image.size)
    image = image.resize([round(scale * side) for side in image.size], Image.BILINEAR)
    left, top = (image.width - size) // 2, (image.height - size) // 2
    return np.asarray(image.crop((left, top, left + size, top + size)), np.float32) / 255


def maps(arguments):
    """What ./apps/cam and ./apps/saliency write: a map (.npy) and a picture (.png) an image."""
    from PIL import Image
    model = load(arguments)
    out = Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    if arguments.method == "grad-cam":
        from pytorch_grad_cam import GradCAM
        from pytorch_grad_cam.utils.image import show_cam_on_image
        explain = GradCAM(model=model, target_layers=[model.get_submodule(arguments.layer)])
    else:
        from captum.attr import Saliency
        explain = Saliency(model)
    for path in arguments.images:
        pixels = framed(path, arguments.size)
        image = torch.from_numpy(pixels).permute(2, 0, 1)[None].to(arguments.device)
        if arguments.method == "grad-cam":
            result = explain(image, None)[0]
            shown = Image.fromarray(show_cam_on_image(pixels, result, use_rgb=True))
        else:
            target = model(image).argmax().item()
            result = explain.attribute(image, target)[0].amax(0).cpu().numpy()
            shown = Image.fromarray((255 * result / max(result.max(), 1e-30)).astype(np.uint8))
        np.save(out / (Path(path).stem + ".npy"), result)
        shown.save(out / (Path(path).stem + ".png"))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=("weights", "occlusion", "maps"))
    parser.add_argument("--model", required=True)
    parser.add_argument("--weights")
    parser.add_argument("--out", required=True)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--patch", type=int, default=15)
    parser.add_argument("--stride", type=int, default=8)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--method", choices=("grad-cam", "saliency"), default="grad-cam")
    parser.add_argument("--layer", help="of Grad-CAM, as PyTorch names the module")
    parser.add_argument("--images", nargs="+")
    arguments = parser.parse_args()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    {"weights": make_weights, "occlusion": occlusion, "maps": maps}[arguments.task](arguments)


if __name__ == "__main__":
    main()
