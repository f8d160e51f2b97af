"""Each app once on the GPU and once on the CPU, and how far apart is what the two write.

How far it may be. The two add the same products in another order. What that alone makes of these very
commands was measured on one CPU, whose library adds in one order with AVX-512 and in another with
SSE4.1 (and there without fused multiply-adds). Arrays are then at most 7.7e-7 of their range apart, 130
dB; pictures one level of 255, 99 dB, the two steps of style transfer 76 dB (each further step of L-BFGS
costs 10 dB, which is why it is two). Once in some millions of neurons rounding turns a ReLU around,
and with it a part of a gradient: in 5 steps of PGD from another seed that moved one attacked image of 16
by 2.4e-3, 90 dB. A GPU's algorithms for convolution may round ten times worse. So arrays must agree to
80 dB, an RMS of 1e-4 of the range, and nowhere be further apart than 1e-2, which the steepest colour
table makes 10 levels; at an RMS of 1e-4 a tenth of a picture's values round to another level, 58 dB.
Faults lie far below: one step of style transfer more or less is 43 dB."""
import json
import math
import os
import shutil
from concurrent.futures import ThreadPoolExecutor

from build import ROOT
from pictures import compare
from steps import FAILED, NOT_RUN, PASSED, TIMED_OUT, run, text_of, worst

ARRAY_PSNR, ARRAY_SHARE = 80.0, 1e-2  # of the range
PICTURE_PSNR, PICTURE_LEVELS = 55.0, 10
NUMBER_SHARE = 1e-4  # of the larger

PHOTO = ("--image", f"{ROOT}/samples/harvest.jpg")
# Name of the case, command line, what it writes under --out ('' is --out itself).
CASES = (
    ("saliency", ("saliency", *PHOTO, "--method", "gradient"), ("harvest.npy", "harvest.png")),
    ("cam", ("cam", *PHOTO, "--method", "grad-cam"), ("harvest.npy", "harvest.png")),
    ("occlusion", ("occlusion", *PHOTO, "--stride", "4"),
     ("harvest.npy", "harvest-grid.npy", "harvest.png")),
    ("style_transfer",
     ("style_transfer", "--content", f"{ROOT}/samples/lakeside.jpg", "--style",
      f"{ROOT}/samples/night.jpg", "--model", "vgg19", "--weights", "random:0", "--size", "96",
      "--init", "content", "--iterations", "2", "--save-every", "0"), ("",)),
    # In L2 a step follows the gradient itself; in L-infinity its signs, which rounding turns around
    # where it is all but zero.
    ("attack", ("attack", "--method", "pgd", "--norm", "l2", "--steps", "2", "--stay", "--data",
                "shapes:2:16"), ("adversarial.npy", "shapes-00000.png")),
    ("transfer", ("transfer", "--network", "a=shapes", "--network", "b=resnet8_shapes:random:1",
                  "--data", "shapes:2:16", "--norm", "l2", "--steps", "3"), ("",)),
    ("universal", ("universal", "--data", "shapes:2:24", "--passes", "1", "--norm", "l2",
                   "--eps", "10/255"),
     ("universal.npy", "universal.png")),
    ("evaluate", ("evaluate", "--count", "8", "--methods", "gradient"),
     ("maps_trained.png", "maps_upper_half_random.png", "maps_random.png")),
    # Under so little noise all draws agree by far: one that rounding turned around would be 1/200.
    ("certify_smooth", ("certify", "smooth", "--sigma", "0.1", "--n", "200", "--data",
                        "shapes:2:4"), ("journal-0-of-1.jsonl",)),
    ("certify_ibp", ("certify", "ibp", "--epsilons", "1/255,2/255", "--data", "shapes:2:16"),
     ("journal-0-of-1.jsonl",)),
)


def numbers_apart(one, other):
    """Of two journals: the furthest that two numbers of their records are apart, as a share of the
    larger. Raises ValueError where anything else differs."""
    def records(path):
        with open(path) as file:
            return [json.loads(line)["record"] for line in file if '"record"' in line]

    def furthest(a, b):
        if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
            return max((furthest(a[key], b[key]) for key in a), default=0.0)
        if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
            return max(map(furthest, a, b), default=0.0)
        if a == b:
            return 0.0
        numeric = all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in (a, b))
        if numeric and math.isfinite(a) and math.isfinite(b):
            return abs(a - b) / max(abs(a), abs(b))
        raise ValueError(f"{a!r} and {b!r}")

    ours, theirs = records(one), records(other)
    if not ours:
        raise ValueError(f"{one}: no records")
    return furthest(ours, theirs)


def compared(gpu, cpu):
    """One file of both: how far apart it is, and whether that is allowed."""
    try:
        if gpu.endswith(".jsonl"):
            apart = numbers_apart(gpu, cpu)
            return {"largest": apart, "status": PASSED if apart <= NUMBER_SHARE else FAILED}
        result = compare(gpu, cpu)
    except (OSError, ValueError, KeyError) as error:
        return {"status": FAILED, "why": str(error)}
    if gpu.endswith(".png"):
        good = result["psnr"] >= PICTURE_PSNR and result["largest"] <= PICTURE_LEVELS
    else:
        good = result["psnr"] >= ARRAY_PSNR and result["largest"] <= ARRAY_SHARE
    if result["psnr"] == math.inf:
        result["psnr"] = "the same bytes"
    if result.pop("flat"):
        return result | {"status": FAILED, "why": "nothing but one value: this compares nothing"}
    return result | {"status": PASSED if good else FAILED}


def one_case(case, build, device, deadline, logs):
    name, (app, *arguments), files = case
    taken = {}
    for where in ("cuda", "cpu"):  # a GPU that is refused is so at once
        folder = f"{logs}/{name}-{where}"
        shutil.rmtree(folder, ignore_errors=True)  # or a sweep would go on with an earlier check's
        os.makedirs(folder)
        out = f"{folder}/{'picture.png' if files == ('',) else 'out'}"
        log = f"{folder}/log"
        code = run([build.program(app), *arguments, "--device", where, "--seed", "1", "--out", out],
                   deadline, log, build.env)
        if code is None:
            return {"status": TIMED_OUT, "why": f"on {where}"}
        if code != 0:
            refused = where == "cuda" and code == 2 and "refused" in device
            why = text_of(log).strip()[-800:]
            return {"status": NOT_RUN if refused else FAILED, "why": f"on {where}: {why}"}
        taken[where] = out
    results = {file or os.path.basename(taken["cuda"]):
               compared(os.path.join(taken["cuda"], file).rstrip("/"),
                        os.path.join(taken["cpu"], file).rstrip("/")) for file in files}
    return {"status": worst(result["status"] for result in results.values()), "files": results}


def check(build, device, deadline, logs, jobs):
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        ran = pool.map(lambda case: one_case(case, build, device, deadline, logs), CASES)
        cases = dict(zip((case[0] for case in CASES), ran))
    return {"status": worst(case["status"] for case in cases.values()), "cases": cases,
            "limits": {"picture_psnr": PICTURE_PSNR, "picture_levels": PICTURE_LEVELS,
                       "array_psnr": ARRAY_PSNR, "array_share": ARRAY_SHARE,
                       "number_share": NUMBER_SHARE}}
