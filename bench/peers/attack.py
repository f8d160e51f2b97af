"""The peers of bench/attack.py: torchattacks and Foolbox on the same weights and images.

    attack.py images --model M --weights F --data FOLDER --count N --out PREFIX
    attack.py pgd --library torchattacks|foolbox --model M --weights F --images I.npy --labels L.npy ...

`images` writes PREFIX.images.npy (float32, n x 3 x h x w, in [0,1]) and PREFIX.labels.npy; the labels
are what the network itself says, so that no image is fooled before it is attacked."""
import argparse
import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "golden"))
from golden_classifiers import GoogLeNet, ResNet20  # noqa: E402


def load(arguments):
    network = {"resnet20_cifar10": ResNet20, "googlenet_bvlc": GoogLeNet}[arguments.model]()
    missing, unexpected = network.load_state_dict(load_file(arguments.weights), strict=False)
    if unexpected or any(name.endswith("weight") for name in missing):
        raise SystemExit(f"{arguments.weights}: missing {missing}, unexpected {unexpected}")
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    return network.float().eval().to(arguments.device)


def photographs(folder, count):
    from PIL import Image
    images = []
    for path in sorted(folder.glob("*.jpg"))[:count]:
        image = Image.open(path).convert("RGB")
        scale = 224 / min(image.size)
        image = image.resize([round(scale * side) for side in image.size], Image.BILINEAR)
        left, top = (image.width - 224) // 2, (image.height - 224) // 2
        image = image.crop((left, top, left + 224, top + 224))
        images.append(np.asarray(image, np.float32).transpose(2, 0, 1) / 255)
    return np.stack(images)


def write_images(arguments):
    data = Path(arguments.data)
    if arguments.model == "googlenet_bvlc":
        images = photographs(data / "images/imagenet20", arguments.count)
    else:
        records = np.fromfile(data / "cifar10/test_first1000.bin", dtype=np.uint8)
        pixels = records.reshape(-1, 3073)[:arguments.count, 1:]
        images = pixels.reshape(-1, 3, 32, 32).astype(np.float32) / 255
    model = load(arguments)
    with torch.no_grad():
        labels = model(torch.from_numpy(images).to(arguments.device)).argmax(1).cpu()
    np.save(f"{arguments.out}.images.npy", images)
    np.save(f"{arguments.out}.labels.npy", labels.numpy().astype(np.int64))


def pgd(arguments):
    model = load(arguments)
    images = torch.from_numpy(np.load(arguments.images)).to(arguments.device)
    labels = torch.from_numpy(np.load(arguments.labels)).to(arguments.device)
    alpha = arguments.epsilon / 4
    if arguments.library == "torchattacks":
        import torchattacks as library
        attack = library.PGD(model, eps=arguments.epsilon, alpha=alpha, steps=arguments.steps)
    else:
        import foolbox as library
        wrapped = library.PyTorchModel(model, bounds=(0, 1), device=arguments.device)
        made = library.attacks.LinfPGD(abs_stepsize=alpha, steps=arguments.steps)

        def attack(x, y):
            return made(wrapped, x, y, epsilons=arguments.epsilon)[1]

    def synchronise():
        if arguments.device != "cpu":
            torch.cuda.synchronize()

    attack(images[:1], labels[:1])  # what a first run prepares
    synchronise()
    start, adversarial = time.perf_counter(), []
    for x, y in zip(images.split(arguments.batch), labels.split(arguments.batch)):
        adversarial.append(attack(x, y))
    synchronise()
    seconds = time.perf_counter() - start
    with torch.no_grad():
        right = sum(int((model(x).argmax(1) == y).sum())
                    for x, y in zip(adversarial, labels.split(arguments.batch)))
    print(json.dumps({"seconds": seconds, "images": len(images), "robust": right,
                      "version": library.__version__, "torch": torch.__version__,
                      "threads": torch.get_num_threads()}))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=("images", "pgd"))
    parser.add_argument("--model", required=True)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--data")
    parser.add_argument("--count", type=int)
    parser.add_argument("--out")
    parser.add_argument("--library", choices=("torchattacks", "foolbox"))
    parser.add_argument("--images")
    parser.add_argument("--labels")
    parser.add_argument("--batch", type=int)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--epsilon", type=float)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    {"images": write_images, "pgd": pgd}[arguments.task](arguments)


if __name__ == "__main__":
    main()
