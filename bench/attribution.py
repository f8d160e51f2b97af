#!/usr/bin/env python3
"""Times occlusion, Grad-CAM and saliency beside Captum and pytorch-grad-cam, as ratios.

    PYTHON bench/attribution.py --build build/cpu --data FOLDER [--out FILE.json]
    bench/attribution.py --table FILE.json    prints the tables of docs/performance.md from that file

PYTHON is an interpreter with PyTorch, torchvision, captum and grad-cam, and runs the peers; FOLDER
the test data, whose images/imagenet20 and weights/googlenet_bvlc are used. Both sides load the same
weights: random ones at the published width where there are no real ones. Each round runs ours, then the peer; ratios are
taken round by round and their median is given, so that a machine that slows down slows both.

Occlusion: one picture of 224 px, patch 15, stride 8, the logit, black; Captum at the best of
perturbations_per_eval 4, 8 and 16, found on a short sweep. Timed from the network in memory to the
map; the three maps must agree. Maps of files: from the shell to the files, everything included."""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PEER = Path(__file__).resolve().parent / "peers" / "attribution.py"
LAYERS = {"resnet50": ("layer4.2.conv3", "network.layer4.2.conv3"),
          "googlenet_bvlc": ("inception_5b/output", "inception5b")}  # ours, the peer's
BATCHES = (4, 8, 16)


def printed(command):
    run = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if run.returncode != 0:
        raise SystemExit(f"{' '.join(str(part) for part in command)}\n{run.stderr}")
    return json.loads(run.stdout)


def from_shell(command):
    """Seconds and peak memory of one process."""
    start = time.perf_counter()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE)
    message = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status != 0:
        raise SystemExit(f"{' '.join(str(part) for part in command)}\n{message.decode()}")
    return {"seconds": seconds, "mb": usage.ru_maxrss * 1024 / 1e6}


def furthest(map_file, other_file):
    """How far two maps are apart, as a share of the range; not far, or the times mean nothing."""
    import numpy as np  # --table does without
    a, b = np.load(map_file), np.load(other_file)
    distance = float(np.abs(a - b).max() / (b.max() - b.min()))
    if not distance <= 1e-3:
        raise SystemExit(f"{map_file} and {other_file} differ by {distance:.1e} of the range")
    return distance


def medians(rounds, keys=("seconds", "mb")):
    return {name: {key: statistics.median(r[name][key] for r in rounds) for key in keys}
            for name in rounds[0]}


def peer(args, task, *options):
    return [sys.executable, PEER, task, "--device", args.device, *options]


def weights_of(args, scratch, model):
    if model == "googlenet_bvlc":
        return Path(args.data) / "weights" / "googlenet_bvlc.safetensors"
    file = scratch / f"{model}.safetensors"
    if not file.exists():
        subprocess.run([str(part) for part in peer(args, "weights", "--model", model, "--out", file)],
                       check=True)
    return file


def occlusion(args, scratch, model):
    weights = weights_of(args, scratch, model)
    sweep = ["--size", args.size, "--patch", args.patch, "--stride", args.stride]

    def captum(batch, map_file, geometry):
        return printed(peer(args, "occlusion", "--model", model, "--weights", weights, "--batch",
                            batch, "--out", map_file, *geometry))

    def ours(engine, map_file):
        return printed([args.build / "bench" / "bench_occlusion", model, weights, engine, args.size,
                        args.patch, args.stride, map_file, args.device])

    short = ["--size", args.size, "--patch", args.size // 4, "--stride", args.size // 8]
    trials = {batch: captum(batch, scratch / "trial.npy", short)["seconds"] for batch in BATCHES}
    best = min(trials, key=trials.get)
    files = {name: scratch / f"{name}.npy" for name in ("dense", "incremental", "captum")}
    rounds = []
    for _ in range(args.rounds):
        rounds.append({"dense": ours("dense", files["dense"]),
                       "incremental": ours("incremental", files["incremental"]),
                       "captum": captum(best, files["captum"], sweep)})
    result = {"model": model, "windows": rounds[0]["dense"]["windows"], "captum_batch": best,
              "captum_trials": trials, **medians(rounds),
              "dense_over_captum": statistics.median(
                  r["captum"]["seconds"] / r["dense"]["seconds"] for r in rounds),
              "incremental_over_dense": statistics.median(
                  r["dense"]["seconds"] / r["incremental"]["seconds"] for r in rounds),
              "incremental_over_captum": statistics.median(
                  r["captum"]["seconds"] / r["incremental"]["seconds"] for r in rounds),
              "flop_ratio": rounds[0]["dense"]["dense_gflop"]
              / rounds[0]["dense"]["incremental_gflop"],
              "incremental_off_dense": furthest(files["incremental"], files["dense"]),
              "dense_off_captum": furthest(files["dense"], files["captum"]), "rounds": rounds}
    print(f"{model}: dense {result['dense']['seconds']:.1f} s, incremental "
          f"{result['incremental']['seconds']:.1f} s, Captum {result['captum']['seconds']:.1f} s "
          f"(batch {best}); maps apart by {result['incremental_off_dense']:.0e} and "
          f"{result['dense_off_captum']:.0e} of the range", flush=True)
    return result


def maps(args, scratch, model, method, images):
    weights = weights_of(args, scratch, model)
    our_layer, peer_layer = LAYERS[model]
    listing = scratch / "images.txt"
    listing.write_text("".join(f"{path}\n" for path in images))
    our_layer = ["--layer", our_layer] if method == "grad-cam" else []

    def ours(out):
        app = "cam" if method == "grad-cam" else "saliency"
        which = ["--image", images[0]] if len(images) == 1 else ["--images", listing]
        return from_shell([args.build / "apps" / app, *which, "--model", model, "--weights", weights,
                           *our_layer, "--device", args.device, "--out", out])

    def theirs(out):
        return from_shell(peer(args, "maps", "--method", method, "--layer", peer_layer, "--model",
                               model, "--weights", weights, "--out", out, "--images", *images))

    rounds = []
    for index in range(args.map_rounds + 1):  # the first fills the caches of the file system
        out = Path(tempfile.mkdtemp(dir=scratch))
        rounds.append({"ours": ours(out / "ours"), "peer": theirs(out / "peer")})
    rounds = rounds[1:]
    result = {"method": method, "model": model, "images": len(images), **medians(rounds),
              "speedup": statistics.median(
                  r["peer"]["seconds"] / r["ours"]["seconds"] for r in rounds), "rounds": rounds}
    print(f"{method} {model}, {len(images)} images: {result['ours']['seconds']:.2f} s, peer "
          f"{result['peer']['seconds']:.2f} s", flush=True)
    return result


def table(file):
    """Markdown of the results in `file`."""
    data = json.loads(Path(file).read_text())
    sweeps = data["occlusion"]
    lines = ["| network | windows | dense, s | incremental, s | Captum, s (batch) | dense / Captum | "
             "incremental / dense | FLOPs saved | incremental / Captum | maps apart by |",
             "|---|---|---|---|---|---|---|---|---|---|"]
    for r in sweeps:
        lines.append(
            f"| {r['model']} | {r['windows']} | {r['dense']['seconds']:.1f} | "
            f"{r['incremental']['seconds']:.1f} | {r['captum']['seconds']:.1f} "
            f"({r['captum_batch']}) | {r['dense_over_captum']:.2f}x | "
            f"{r['incremental_over_dense']:.2f}x | {r['flop_ratio']:.2f}x | "
            f"{r['incremental_over_captum']:.1f}x | "
            f"{max(r['dense_off_captum'], r['incremental_off_dense']):.0e} |")
    lines += ["", "| from the shell to the files | network | images | ours, s | peer, s | speed-up | "
              "ours, MB | peer, MB |", "|---|---|---|---|---|---|---|---|"]
    for r in data["maps"]:
        lines.append(
            f"| {r['method']} | {r['model']} | {r['images']} | {r['ours']['seconds']:.2f} | "
            f"{r['peer']['seconds']:.2f} | {r['speedup']:.1f}x | {r['ours']['mb']:.0f} | "
            f"{r['peer']['mb']:.0f} |")
    return "\n".join(lines)


def processor():
    with open("/proc/cpuinfo") as info:
        names = [line.split(":")[1].strip() for line in info if line.startswith("model name")]
    return names[0] if names else platform.machine()


def measure(args):
    images = sorted((Path(args.data) / "images" / "imagenet20").glob("*.jpg"))[:args.images]
    if not images:
        raise SystemExit(f"no photographs in {args.data}/images/imagenet20")
    results = {"machine": processor(), "device": args.device, "cores": len(os.sched_getaffinity(0)), "occlusion": [],
               "maps": []}
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        for model, method, count in [("resnet50", "grad-cam", 1),
                                     ("resnet50", "grad-cam", args.images),
                                     ("googlenet_bvlc", "grad-cam", args.images),
                                     ("googlenet_bvlc", "saliency", args.images)]:
            results["maps"].append(maps(args, scratch, model, method, images[:count]))
        for model in args.models:
            results["occlusion"].append(occlusion(args, scratch, model))
            (scratch / f"{model}.safetensors").unlink(missing_ok=True)
    results["torch"] = results["occlusion"][0]["rounds"][0]["captum"]["torch"]
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=Path("build/cpu"))
    parser.add_argument("--data", default=os.environ.get("PHOSPHENE_DATA", "../shared/data"))
    parser.add_argument("--device", default="cpu", help="of both sides: cpu or cuda")
    parser.add_argument("--models", nargs="+", default=["googlenet", "resnet50", "vgg19"])
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--patch", type=int, default=15)
    parser.add_argument("--stride", type=int, default=8)
    parser.add_argument("--images", type=int, default=20, help="photographs of the maps")
    parser.add_argument("--rounds", type=int, default=2, help="of the sweeps")
    parser.add_argument("--map-rounds", type=int, default=3, help="of the maps of files")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--table", type=Path, help="print the tables of this file and stop")
    args = parser.parse_args()
    if args.table:
        print(table(args.table))
        return
    results = measure(args)
    if args.out:
        args.out.write_text(json.dumps(results, indent=1) + "\n")
        print(table(args.out))


if __name__ == "__main__":
    main()
