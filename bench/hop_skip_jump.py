#!/usr/bin/env python3
"""Times HopSkipJump beside Foolbox's: queries a second, and the distances that they buy.

    PYTHON bench/hop_skip_jump.py --build build/cpu --data FOLDER [--out FILE.json]
    bench/hop_skip_jump.py --table FILE.json    prints the tables of docs/performance.md from that file

PYTHON is an interpreter with PyTorch and Foolbox, and runs the peer; FOLDER the test data, of which
weights/resnet20_cifar10 and cifar10/test_first1000.bin are used. Both sides attack the same images
at the same budget of queries each, Foolbox all of them as one batch. Each round runs ours, then the
peer, and ratios are taken round by round. With --distances nothing is timed: Foolbox attacks each
image alone, as its batches share one direction's length (bench/peers/hop_skip_jump.py), at 1000 and
5000 queries in both norms; ours may be above it by 5 %."""
import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

PEER = Path(__file__).resolve().parent / "peers" / "hop_skip_jump.py"
MODEL, SIDE = "resnet20_cifar10", 32
NORMS, BUDGETS = ("l2", "linf"), (1000, 5000)


def printed(command):
    run = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if run.returncode != 0:
        raise SystemExit(f"{' '.join(str(part) for part in command)}\n{run.stderr}")
    return json.loads(run.stdout)


def files(args):
    data = Path(args.data)
    return data / "weights" / f"{MODEL}.safetensors", data / "cifar10" / "test_first1000.bin"


def ours(args, norm, queries):
    weights, images = files(args)
    return printed([args.build / "bench" / "bench_hop_skip_jump", MODEL, weights, images, SIDE,
                    args.images, norm, queries, args.images, args.batch, args.device])


def theirs(args, norm, queries, *more):
    weights, images = files(args)
    return printed([sys.executable, PEER, "--model", MODEL, "--weights", weights, "--images", images,
                    "--side", SIDE, "--count", args.images, "--norm", norm, "--device", args.device,
                    "--queries", *queries, *more])


def speed(args):
    rounds = []
    for _ in range(args.rounds):
        runs = {"ours": ours(args, "l2", args.queries),
                "foolbox": theirs(args, "l2", [args.queries], "--batch", args.images)}
        rounds.append({name: run["queries"] / run["seconds"] for name, run in runs.items()})
        print(f"ours {rounds[-1]['ours']:.0f}, Foolbox {rounds[-1]['foolbox']:.0f} queries a second",
              flush=True)
    return {"images": args.images, "queries": args.queries, "rounds": rounds,
            "ours": statistics.median(r["ours"] for r in rounds),
            "foolbox": statistics.median(r["foolbox"] for r in rounds),
            "speedup": statistics.median(r["ours"] / r["foolbox"] for r in rounds)}


def distances(args):
    """Means over the images that the network names correctly and both sides fool."""
    rows = []
    for norm in NORMS:
        peer = theirs(args, norm, BUDGETS, "--together")["distances"]
        for budget in BUDGETS:
            pairs = [(a, b) for a, b in zip(ours(args, norm, budget)["distances"], peer[str(budget)])
                     if a and b]
            own, other = (statistics.mean(side) for side in zip(*pairs))
            rows.append({"norm": norm, "queries": budget, "images": len(pairs), "ours": own,
                         "foolbox": other, "ratio": own / other})
            print(f"{norm} at {budget} queries, {len(pairs)} images: {own:.5f}, Foolbox "
                  f"{other:.5f}, ratio {own / other:.3f}", flush=True)
    return rows


def table(file):
    """Markdown of the results in `file`."""
    data, lines = json.loads(Path(file).read_text()), []
    if "speed" in data:
        s = data["speed"]
        lines += ["| images | queries each | ours, queries/s | Foolbox, queries/s | speed-up |",
                  "|---|---|---|---|---|",
                  f"| {s['images']} | {s['queries']} | {s['ours']:.0f} | {s['foolbox']:.0f} | "
                  f"{s['speedup']:.2f}x |", ""]
    if "distances" in data:
        lines += ["| norm | queries | images | mean distance | Foolbox's | ratio |",
                  "|---|---|---|---|---|---|"]
        lines += [f"| {r['norm']} | {r['queries']} | {r['images']} | {r['ours']:.4f} | "
                  f"{r['foolbox']:.4f} | {r['ratio']:.3f} |" for r in data["distances"]]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=Path("build/cpu"))
    parser.add_argument("--data", default=os.environ.get("PHOSPHENE_DATA", "../shared/data"))
    parser.add_argument("--device", default="cpu", help="of both sides: cpu or cuda")
    parser.add_argument("--images", type=int, default=32)
    parser.add_argument("--queries", type=int, default=500, help="an image, where it is timed")
    parser.add_argument("--batch", type=int, default=32, help="of our classifier")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--distances", action="store_true")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--table", type=Path, help="print the tables of this file and stop")
    args = parser.parse_args()
    if args.table:
        print(table(args.table))
        return
    results = {"device": args.device, "cores": len(os.sched_getaffinity(0))}
    if args.distances:
        results["distances"] = distances(args)
    else:
        results["speed"] = speed(args)
    if args.out:
        args.out.write_text(json.dumps(results, indent=1) + "\n")
        print(table(args.out))


if __name__ == "__main__":
    main()
