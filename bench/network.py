#!/usr/bin/env python3
"""Times whole networks, forward and with the gradient at the image, beside PyTorch.

    PYTHON bench/network.py --build build/cuda --device cuda [--out FILE.json]
    bench/network.py --table FILE.json    prints the tables of that file

PYTHON is an interpreter with PyTorch, torchvision and safetensors, and runs the peers: eager, channels
last, cuDNN's algorithms timed beforehand, and torch.compile. Both sides have the same random weights.
Each round runs ours, then the peers; ratios are taken round by round and their median is given. The
run stops if the lengths of the first image's scores and gradient are not the same."""
import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PEERS = Path(__file__).resolve().parent / "peers"
TIMES = ("forward_ms", "gradient_ms")
# How far the lengths of the scores may be apart: some ten times the roundings of a layer.
SCORES_SHARE = {"fp32": 1e-3, "tf32": 1e-2, "bf16": 5e-2}
# Rounding turns ReLUs around, and random weights do not forgive it: PyTorch's own gradient of such a
# ResNet-50 is 2 % from that in double precision. A part that is missing is more.
GRADIENT_SHARE = 0.3


def run(command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True)


def printed(command):
    ran = run(command)
    if ran.returncode != 0:
        raise SystemExit(f"{' '.join(str(part) for part in command)}\n{ran.stderr}")
    return json.loads(ran.stdout.splitlines()[-1])


def check_same(sides, case, precision):
    """Both sides compute the same, or the times mean nothing."""
    for how, peer in sides.items():
        for norm, share in (("scores_norm", SCORES_SHARE[precision]),
                            ("gradient_norm", GRADIENT_SHARE)):
            a, b = sides["ours"][norm], peer.get(norm, sides["ours"][norm])
            if not abs(a - b) <= share * b:
                raise SystemExit(f"{case}: {norm} is {a:.6g}, that of {how} {b:.6g}")


def one(args, weights, model, precision, batch):
    def ours():
        return printed([args.build / "bench" / "bench_network", model, weights, batch, precision,
                        args.size, args.device])

    def peer(how):
        command = [sys.executable, PEERS / "network.py", "--model", model, "--weights", weights,
                   "--batch", batch, "--size", args.size, "--precision", precision, "--how", how,
                   "--device", args.device]
        if how == "eager":
            return printed(command)
        ran = run(command)  # torch.compile does not work everywhere; the last line says why
        return json.loads(ran.stdout.splitlines()[-1]) if ran.returncode == 0 else {
            "failed": (ran.stderr.strip().splitlines() or ["no message"])[-1]}

    rounds = [{"ours": ours(), **{how: peer(how) for how in args.how}} for _ in range(args.rounds)]
    for sides in rounds:
        check_same(sides, f"{model}, {precision}, batch {batch}", precision)
    result = {"model": model, "precision": precision, "batch": batch, "rounds": rounds}
    for time in TIMES:
        for side in ("ours", *args.how):
            taken = [r for r in rounds if time in r[side]]
            if taken:
                result[f"{side}_{time}"] = statistics.median(r[side][time] for r in taken)
                if side != "ours":
                    result[f"{time}_of_{side}"] = statistics.median(
                        r[side][time] / r["ours"][time] for r in taken)
    return result


def table(file):
    """Markdown of the results in `file`: milliseconds, and how many times ours is as fast."""
    results = json.loads(Path(file).read_text())
    lines = [f"{results['device']}, PyTorch {results['torch']}, {results['size']} px", "",
             "| network | precision | batch | pass | ours, ms | eager, ms | compiled, ms | "
             "ours / eager | ours / compiled |", "|---|---|---|---|---|---|---|---|---|"]
    for r in results["networks"]:
        for time, name in zip(TIMES, ("forward", "with gradient")):
            shown = [f"{r[key]:.2f}" if key in r else "-" for key in
                     (f"ours_{time}", f"eager_{time}", f"compile_{time}")]
            ratios = [f"{r[key]:.2f}x" if key in r else "-" for key in
                      (f"{time}_of_eager", f"{time}_of_compile")]
            lines.append(f"| {r['model']} | {r['precision']} | {r['batch']} | {name} | "
                         + " | ".join(shown + ratios) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=Path("build/cuda"))
    parser.add_argument("--device", default="cuda", help="of both sides: cpu or cuda")
    parser.add_argument("--models", nargs="+", default=["vgg19", "resnet50"])
    parser.add_argument("--precisions", nargs="+", default=["fp32", "tf32", "bf16"])
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 64, 256])
    parser.add_argument("--how", nargs="+", default=["eager", "compile"],
                        choices=["eager", "compile"])
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--table", type=Path, help="print the tables of this file and stop")
    args = parser.parse_args()
    if args.table:
        print(table(args.table))
        return
    networks = []
    with tempfile.TemporaryDirectory() as scratch:
        for model in args.models:
            weights = Path(scratch) / f"{model}.safetensors"
            made = run([sys.executable, PEERS / "attribution.py", "weights", "--model", model,
                        "--out", weights])
            if made.returncode != 0:
                raise SystemExit(made.stderr)
            for precision in args.precisions:
                for batch in args.batches:
                    networks.append(one(args, weights, model, precision, batch))
                    print(json.dumps({key: value for key, value in networks[-1].items()
                                      if key != "rounds"}), flush=True)
    first = networks[0]["rounds"][0]
    results = {"device": first["ours"]["device"], "size": args.size,
               "torch": next(r["torch"] for r in first.values() if "torch" in r),
               "networks": networks}
    if args.out:
        args.out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
