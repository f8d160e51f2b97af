#!/usr/bin/env python3
"""Times PGD-10 and PGD-40 beside torchattacks and Foolbox, in images a second and as ratios.

    PYTHON bench/attack.py --build build/cpu --data FOLDER [--out FILE.json]
    bench/attack.py --table FILE.json    prints the table of docs/performance.md from that file

PYTHON is an interpreter with PyTorch, torchattacks and foolbox, and runs the peers; FOLDER the test
data: resnet20_cifar10 on test_first1000.bin at batch 250, googlenet_bvlc on imagenet20 at batch 20.
Both sides have the same weights, images and labels, which are what the network says of the clean
images; L-infinity, eps 8/255, steps of eps / 4, a random start, cross-entropy. `stay` makes every
step as the peers do; `leave` lets fooled images go. Timed from the images in memory to the
adversarial ones. Each round runs ours, then the peers; ratios are taken round by round and their
median is given, so that a machine that slows down slows all."""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PEER = Path(__file__).resolve().parent / "peers" / "attack.py"
EPSILON = 8 / 255
STEPS = (10, 40)
# model: classes, batch, images
MODELS = {"resnet20_cifar10": (10, 250, 250), "googlenet_bvlc": (1000, 20, 20)}
PEERS = ("torchattacks", "foolbox")


def printed(command):
    run = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if run.returncode != 0:
        raise SystemExit(f"{' '.join(str(part) for part in command)}\n{run.stderr}")
    return json.loads(run.stdout)


def one(args, scratch, model, steps, rounds):
    classes, batch, count = MODELS[model]
    weights = Path(args.data) / "weights" / f"{model}.safetensors"
    prefix = scratch / model
    images, labels = f"{prefix}.images.npy", f"{prefix}.labels.npy"
    peer = [sys.executable, PEER]
    same = ["--model", model, "--weights", weights, "--device", args.device]
    if not Path(images).exists():
        subprocess.run([str(part) for part in [*peer, "images", *same, "--data", args.data,
                                               "--count", count, "--out", prefix]], check=True)

    def ours(how):
        return printed([args.build / "bench" / "bench_attack", model, weights,
                        f"{images},{labels}", classes, batch, steps, EPSILON, how, args.device])

    def theirs(library):
        return printed([*peer, "pgd", "--library", library, *same, "--images", images, "--labels",
                        labels, "--batch", batch, "--steps", steps, "--epsilon", EPSILON])

    taken = [{"stay": ours("stay"), "leave": ours("leave"),
              **{library: theirs(library) for library in PEERS}} for _ in range(rounds)]

    def median(of):
        return statistics.median(of(r) for r in taken)

    result = {"model": model, "steps": steps, "batch": batch, "images": count,
              "images_per_second": {name: median(lambda r: r[name]["images"] / r[name]["seconds"])
                                    for name in taken[0]},
              "robust": {name: taken[0][name]["robust"] for name in taken[0]},
              **{f"{how}_over_{library}": median(lambda r: r[library]["seconds"] / r[how]["seconds"])
                 for how in ("stay", "leave") for library in PEERS},
              "rounds": taken}
    rates = ", ".join(f"{name} {rate:.1f}" for name, rate in result["images_per_second"].items())
    print(f"{model} PGD-{steps}: {rates} images/s", flush=True)
    return result


def table(file):
    """Markdown of the results in `file`."""
    lines = ["| network | attack | batch | all steps, images/s | fooled leave, images/s | "
             "torchattacks | Foolbox | all steps / torchattacks | fooled leave / torchattacks |",
             "|---|---|---|---|---|---|---|---|---|"]
    for r in json.loads(Path(file).read_text())["attacks"]:
        rate = r["images_per_second"]
        lines.append(f"| {r['model']} | PGD-{r['steps']} | {r['batch']} | {rate['stay']:.1f} | "
                     f"{rate['leave']:.1f} | {rate['torchattacks']:.1f} | {rate['foolbox']:.1f} | "
                     f"{r['stay_over_torchattacks']:.2f}x | {r['leave_over_torchattacks']:.1f}x |")
    return "\n".join(lines)


def processor():
    with open("/proc/cpuinfo") as info:
        names = [line.split(":")[1].strip() for line in info if line.startswith("model name")]
    return names[0] if names else platform.machine()


def measure(args):
    results = {"machine": processor(), "device": args.device,
               "cores": len(os.sched_getaffinity(0)), "attacks": []}
    with tempfile.TemporaryDirectory() as scratch:
        for model in args.models:
            for steps in STEPS:
                # The long ones vary little, and take most of the time.
                rounds = args.rounds if steps < 40 or model == "resnet20_cifar10" else 1
                results["attacks"].append(one(args, Path(scratch), model, steps, rounds))
    first = results["attacks"][0]["rounds"][0]
    results["versions"] = {"torch": first["torchattacks"]["torch"],
                           **{library: first[library]["version"] for library in PEERS}}
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=Path("build/cpu"))
    parser.add_argument("--data", default=os.environ.get("PHOSPHENE_DATA", "../shared/data"))
    parser.add_argument("--device", default="cpu", help="of both sides: cpu or cuda")
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--table", type=Path, help="print the table of these results, run nothing")
    args = parser.parse_args()
    if args.table:
        print(table(args.table))
        return
    results = measure(args)
    if args.out:
        args.out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
