#!/usr/bin/env python3
"""Writes data/statistics.json: intervals, bounds and quantiles of SciPy (1.17).

    python3 tests/golden/make_statistics_goldens.py
"""
import json
from pathlib import Path

import scipy
from scipy import stats

ALPHAS = [0.5, 0.05, 1e-3, 1e-6, 1e-12]


def counts():
    for n in [1, 2, 10, 100, 1000, 100000]:
        for k in sorted({0, 1, n // 3, n // 2, n // 2 + 1, (9 * n) // 10, n - 1, n}):
            yield k, n


def main():
    bounds = [[k, n, a, float(stats.beta.ppf(a, k, n - k + 1)) if k else 0.0]
              for k, n in counts() for a in ALPHAS]
    intervals = []
    for k, n in counts():
        for confidence in [0.9, 0.95, 0.999]:
            i = stats.binomtest(k, n).proportion_ci(confidence, method="wilson")
            intervals.append([k, n, confidence, float(i.low), float(i.high)])
    coins = [[k, n, float(stats.binomtest(k, n).pvalue)] for k, n in counts()]
    tails = [1e-300, 1e-100, 1e-16, 1e-9, 1e-3, 0.02425, 0.1, 0.3, 0.49, 0.5]
    quantiles = [[p, float(stats.norm.ppf(p))]
                 for p in tails + [0.51, 0.9, 0.975, 0.999, 1 - 1e-9, 1 - 2.0**-53]]
    out = Path(__file__).parent / "data" / "statistics.json"
    out.write_text(json.dumps({"scipy": scipy.__version__, "clopper_pearson_lower": bounds,
                               "wilson": intervals, "fair_coin": coins,
                               "normal_quantile": quantiles}).replace("], [", "],\n [") + "\n")


if __name__ == "__main__":
    main()
