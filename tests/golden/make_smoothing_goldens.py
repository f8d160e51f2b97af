#!/usr/bin/env python3
"""Writes data/smoothing.json: what Cohen, Rosenfeld and Kolter's certify and predict make of fixed
counts, by SciPy: proportion_confint(count, n, 2 alpha, "beta")[0] is beta.ppf, binom_test is
binomtest.

    python3 tests/golden/make_smoothing_goldens.py
"""
import json
from pathlib import Path

import numpy as np
from scipy import stats


def certify(counts0, counts, sigma, alpha):
    n, guess = sum(counts), int(np.argmax(counts0))
    agreeing = counts[guess]
    low = stats.beta.ppf(alpha, agreeing, n - agreeing + 1) if agreeing else 0.0
    if low < 0.5:
        return -1, 0.0
    return guess, float(sigma * stats.norm.ppf(low))


def predict(counts, alpha):
    order = np.argsort(counts)[::-1]
    first, second = counts[order[0]], counts[order[1]]
    sure = stats.binomtest(first, first + second, 0.5).pvalue <= alpha
    return int(order[0]) if sure else -1


def main():
    cases = [([90, 10, 0], [99000, 600, 400], 0.25, 0.001), ([0, 0, 100], [0, 0, 100000], 0.5, 0.001),
             ([40, 60, 0], [49000, 51000, 0], 0.25, 0.001), ([40, 60, 0], [49700, 50300, 0], 1, 0.001),
             ([1, 0], [0, 1000], 0.25, 0.001), ([1, 0], [10, 0], 0.25, 0.001),
             ([1, 0], [9, 0], 0.25, 0.001), ([5, 5], [800, 200], 0.12, 1e-6)]
    rows = []
    for counts0, counts, sigma, alpha in cases:
        label, radius = certify(counts0, counts, sigma, alpha)
        rows.append({"counts0": counts0, "counts": counts, "sigma": sigma, "alpha": alpha,
                     "n": sum(counts), "label": label, "radius": radius})
    votes = [([100, 0, 0], 0.001), ([60, 40, 0], 0.001), ([70, 30, 0], 0.001), ([3, 68, 29], 0.001),
             ([10, 0], 0.001), ([11, 0], 0.001), ([50500, 49500], 0.001), ([50600, 49400], 0.001)]
    out = Path(__file__).parent / "data" / "smoothing.json"
    out.write_text(json.dumps({
        "certify": rows,
        "predict": [{"counts": c, "alpha": a, "label": predict(c, a)} for c, a in votes],
    }).replace("}, {", "},\n {") + "\n")


if __name__ == "__main__":
    main()
