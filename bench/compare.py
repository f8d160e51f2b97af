#!/usr/bin/env python3
"""Runs bench_style_transfer and PyTorch's peer in turn, and prints time and memory as ratios.

    bench/compare.py --build build/cpu --torch-python PYTHON [--rounds 3] [--out FILE.json]

PYTHON is an interpreter that has PyTorch. Each round runs ours, then the peer; the ratio is taken
round by round, and its median is printed, so that a machine that slows down slows both. Both fill
the history of L-BFGS, 100 pairs, before they measure."""
import argparse
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys



def ours(build, optimizer, precision, size):
    name = f"{optimizer}/{precision}/{size}/min_time:5.000/real_time"
    out = subprocess.run(
        [os.path.join(build, "bench", "bench_style_transfer"), f"--benchmark_filter=^{name}$",
         "--benchmark_format=json"], check=True, capture_output=True, text=True).stdout
    result = json.loads(out)["benchmarks"][0]
    return {"ms": result["real_time"], "mb": result["MB_beyond_weights"]}


def peer(python, optimizer, precision, size, device):
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers", "style_transfer.py")
    out = subprocess.run([python, script, "--optimizer", optimizer, "--size", str(size),
                          "--precision", precision, "--device", device], check=True, capture_output=True, text=True).stdout
    return json.loads(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/cpu")
    parser.add_argument("--torch-python", default=sys.executable)
    parser.add_argument("--device", default="cpu", help="of the peer: cpu or cuda")
    parser.add_argument("--precisions", nargs="+", default=["fp32"], help="fp32, tf32, bf16")
    parser.add_argument("--optimizers", nargs="+", default=["adam", "lbfgs"])
    parser.add_argument("--sizes", nargs="+", type=int, default=[256, 512])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out")
    args = parser.parse_args()
    results = []
    print(f"{'case':16} {'ours ms':>9} {'peer ms':>9} {'speed-up':>9}   "
          f"{'ours MB':>8} {'peer MB':>8} {'share':>6}")
    cases = itertools.product(args.optimizers, args.precisions, args.sizes)
    for optimizer, precision, size in cases:
        rounds = [(ours(args.build, optimizer, precision, size),
                   peer(args.torch_python, optimizer, precision, size, args.device))
                  for _ in range(args.rounds)]
        speedup = statistics.median(b["ms"] / a["ms"] for a, b in rounds)
        share = statistics.median(a["mb"] / b["mb"] for a, b in rounds)
        a, b = ({key: statistics.median(r[i][key] for r in rounds) for key in ("ms", "mb")}
                for i in (0, 1))
        print(f"{f'{optimizer} {precision} {size}':16} {a['ms']:9.1f} {b['ms']:9.1f} {speedup:8.2f}x   "
              f"{a['mb']:8.0f} {b['mb']:8.0f} {share:6.2f}", flush=True)
        results.append({"optimizer": optimizer, "precision": precision, "size": size,
                        "ours": a, "peer": b, "speedup": speedup, "memory_share": share,
                        "rounds": rounds})
    if args.out:
        with open(args.out, "w") as file:
            json.dump({"machine": platform.processor() or platform.machine(),
                       "cores": os.cpu_count(), "torch": rounds[0][1]["torch"],
                       "cases": results}, file, indent=1)


if __name__ == "__main__":
    main()
