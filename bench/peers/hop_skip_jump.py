"""The peer of bench/hop_skip_jump.py: Foolbox's HopSkipJumpAttack.

    hop_skip_jump.py --model resnet20_cifar10 --weights F.safetensors --images FILE.bin ...

Every image that the network sees is a query, those of Foolbox's assertions included: the model is
wrapped, counts them, keeps the nearest adversarial one at each of --queries, and ends the attack at
the last. Prints a JSON line. With --batch 1 each image is attacked alone; in larger batches Foolbox
divides an image's direction by the length of all directions of the batch together."""
import argparse
import json
import sys
import time
from pathlib import Path

import foolbox
import numpy as np
import torch
from safetensors.torch import load_file

ROOT = Path(__file__).resolve().parents[2]


class Spent(Exception):
    """The last budget."""


class Counted(torch.nn.Module):
    """A network that counts what each image of the batch costs, and what is reached."""

    def __init__(self, network, images, labels, norm, budgets):
        super().__init__()
        self.network, self.images, self.labels = network, images, labels
        self.norm, self.budgets = norm, budgets
        self.queries, self.rows = 0, 0
        self.nearest = torch.full((len(images),), float("inf"))
        self.reached = {}
        self.eval()

    def forward(self, x):
        with torch.no_grad():
            scores = self.network(x)
        self.see(x, scores.argmax(1) != self.labels)
        return scores

    def see(self, x, fools):
        difference = (x - self.images).flatten(1)
        distance = difference.norm(dim=1) if self.norm == "l2" else difference.abs().amax(1)
        self.nearest = torch.where(fools, torch.minimum(self.nearest, distance), self.nearest)
        self.queries += 1
        self.rows += len(x)
        if self.queries in self.budgets:
            self.reached[self.queries] = self.nearest.tolist()
        if self.queries == max(self.budgets):
            raise Spent


class Together(foolbox.attacks.HopSkipJumpAttack):
    """Foolbox asks about the directions of an estimate one after the other. Here the first question
    has the answers to all: they are views of one tensor, of a single image's directions."""

    def __init__(self, model, **options):
        super().__init__(**options)
        self.model = model

    def approximate_gradients(self, is_adversarial, x_advs, steps, delta):
        answers = []

        def answer(x):
            if not answers:
                everything = x.raw._base
                assert everything.shape == (steps, *x.raw.shape) and len(x.raw) == 1
                with torch.no_grad():
                    labels = self.model.network(everything[:, 0]).argmax(1)
                answers.extend((labels != self.model.labels).split(1))
                self.directions = 0
            fools = answers[self.directions]
            self.directions += 1
            self.model.see(x.raw, fools)
            return type(x)(fools)

        return super().approximate_gradients(answer, x_advs, steps, delta)


def network_of(model, weights):
    if model == "shapes":
        sys.path.insert(0, str(ROOT / "scripts"))
        from train_shapes import ShapesNet
        network = ShapesNet()
    else:
        sys.path.insert(0, str(ROOT / "tests" / "golden"))
        from golden_classifiers import ResNet20
        network = ResNet20()
    arrays = load_file(weights)
    _, unexpected = network.load_state_dict(arrays, strict=False)
    if unexpected:
        raise SystemExit(f"{weights}: unexpected {unexpected}")
    return network.float().eval()


def records(path, side, count):
    """Label bytes and planes of bytes, as CIFAR-10's."""
    bytes_ = np.fromfile(path, dtype=np.uint8)[:count * (1 + 3 * side * side)]
    rows = torch.from_numpy(bytes_.reshape(count, -1).copy())
    return rows[:, 1:].reshape(count, 3, side, side).float() / 255, rows[:, 0].long()


def attack(network, images, labels, options, index):
    model = Counted(network, images.to(options.device), labels.to(options.device), options.norm,
                    options.queries)
    model.nearest = model.nearest.to(options.device)
    torch.manual_seed(index)
    start = time.perf_counter()
    try:
        method = (Together(model, constraint=options.norm) if options.together
                  else foolbox.attacks.HopSkipJumpAttack(constraint=options.norm))
        method.run(
            foolbox.PyTorchModel(model, bounds=(0, 1), device=options.device), model.images,
            foolbox.criteria.Misclassification(model.labels))
        raise SystemExit("Foolbox ended before the budget")
    except Spent:
        pass
    except ValueError as error:  # no noise fools
        print(f"images from {index}: {error}", file=sys.stderr)
    return model, time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, choices=["resnet20_cifar10", "shapes"])
    parser.add_argument("--weights", required=True)
    parser.add_argument("--images", required=True)
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--norm", choices=["l2", "linf"], default="l2")
    parser.add_argument("--queries", type=int, nargs="+", default=[1000, 5000])
    parser.add_argument("--batch", type=int, default=1, help="images attacked together")
    parser.add_argument("--together", action="store_true",
                        help="an estimate's directions in one batch; the same numbers, sooner")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    network = network_of(options.model, options.weights).to(options.device)
    images, labels = records(options.images, options.side, options.count)
    distances = {budget: [] for budget in options.queries}
    seconds = queries = 0
    for first in range(0, options.count, options.batch):
        chosen = slice(first, first + options.batch)
        model, taken = attack(network, images[chosen], labels[chosen], options, first)
        seconds += taken
        queries += model.rows
        for budget in options.queries:
            distances[budget] += [None if d == float("inf") else d
                                  for d in model.reached.get(budget, model.nearest.tolist())]
    print(json.dumps({"seconds": seconds, "queries": queries, "distances": distances,
                      "foolbox": foolbox.__version__, "torch": torch.__version__}))


if __name__ == "__main__":
    main()
