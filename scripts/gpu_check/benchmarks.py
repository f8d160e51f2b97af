"""The benchmarks, beside their peers where this Python has them."""
import importlib.util
import json
import os
import sys

from build import ROOT
from steps import FAILED, NOT_RUN, PASSED, SKIPPED, TIMED_OUT, run, text_of, worst

DATA = os.environ.get("PHOSPHENE_DATA", os.path.join(ROOT, "..", "shared", "data"))
EPSILON = 8 / 255


def lacks(*needed):
    """What a peer needs and is not there, in words, or nothing."""
    missing = [name for name in needed
               if name != "data" and importlib.util.find_spec(name) is None]
    if "data" in needed and not os.path.isdir(DATA):
        missing.append("the test data (PHOSPHENE_DATA)")
    return "not there: " + ", ".join(missing) if missing else ""


class Bench:
    """One command that leaves JSON, in `out` or, where that is None, as the last line it prints."""

    def __init__(self, name, command, out=None, without=""):
        self.name, self.command, self.out, self.without = name, command, out, without

    def result(self, printed):
        text = text_of(self.out) if self.out else printed
        if self.out is None:
            text = text[text.index("{"):]
        result = json.loads(text)
        if "benchmarks" in result:  # Google Benchmark's
            wrong = [one["name"] for one in result["benchmarks"] if one.get("error_occurred")]
            if wrong or not result["benchmarks"]:
                raise ValueError(f"no result of {wrong or 'anything'}")
        return result


def listed(build, logs):
    def program(name, *arguments):
        return [build.program(name), *arguments]

    def google(name, *arguments):
        out = f"{logs}/{name}.json"
        return Bench(name.removeprefix("bench_"), program(
            name, *arguments, f"--benchmark_out={out}", "--benchmark_out_format=json"), out)

    def script(name, out, *arguments):
        file = f"{logs}/{out}.json"
        return Bench(out, [sys.executable, f"{ROOT}/bench/{name}.py", "--build", build.folder,
                           "--device", "cuda", "--out", file, *arguments], file)

    yield Bench("kernels", program("bench_kernels"))
    yield google("bench_gram", "--benchmark_min_time=0.02")

    without = lacks("torch", "torchvision", "captum", "pytorch_grad_cam", "safetensors", "data")
    if without:
        for engine in ("dense", "incremental"):
            yield Bench(f"occlusion {engine}",
                        program("bench_occlusion", "resnet50", "random:0", engine, "224", "15", "8",
                                f"{logs}/{engine}.npy", "cuda"), without=without)
    else:
        yield script("attribution", "attribution", "--data", DATA, "--models", "resnet50",
                     "--rounds", "1", "--map-rounds", "1")

    without = lacks("torch", "torchattacks", "foolbox", "safetensors", "data")
    if without:
        for how in ("stay", "leave"):
            yield Bench(f"attack {how}",
                        program("bench_attack", "resnet8_shapes", "shapes", "shapes:2:256", "8",
                                "256", "10", EPSILON, how, "cuda"), without=without)
        yield Bench("hop_skip_jump", None, without=without)
    else:
        yield script("attack", "attack", "--data", DATA, "--models", "resnet20_cifar10",
                     "--rounds", "1")
        yield script("hop_skip_jump", "hop_skip_jump", "--data", DATA, "--rounds", "1")

    # The longest come last.
    without = lacks("torch", "torchvision", "safetensors")
    if without:
        for precision in ("fp32", "tf32", "bf16"):
            yield Bench(f"network {precision}",
                        program("bench_network", "resnet50", "random:0", "64", precision, "224",
                                "cuda"), without=without)
    else:
        yield script("network", "network", "--models", "resnet50", "--batches", "64",
                     "--how", "eager")
    without = lacks("torch")
    if without:
        style = google("bench_style_transfer", "--benchmark_filter=^adam/.*/512/")
    else:
        style = script("compare", "style_transfer", "--precisions", "fp32", "tf32", "bf16",
                       "--optimizers", "adam", "--sizes", "512", "--rounds", "1")
    style.without = without
    yield style


def one(bench, build, deadline, logs):
    peers = {"peers": bench.without} if bench.without else {}
    if bench.command is None:
        return {"status": SKIPPED, "why": bench.without}
    log = f"{logs}/{bench.name.replace(' ', '_')}"
    if bench.out and os.path.exists(bench.out):
        os.remove(bench.out)
    code = run(bench.command, deadline, f"{log}.log", build.env, f"{log}.printed")
    if code is None:
        return {"status": TIMED_OUT, **peers}
    if code != 0:
        return {"status": FAILED, "why": f"exit code {code}: {text_of(f'{log}.log', 800)}", **peers}
    try:
        return {"status": PASSED, "result": bench.result(text_of(f"{log}.printed")), **peers}
    except (ValueError, OSError) as error:
        return {"status": FAILED, "why": f"left no result: {error}", **peers}


def check(build, device, deadline, logs):
    """One after the other, so that none is in another's way."""
    if "refused" in device:
        return {"status": NOT_RUN, "why": device["refused"], "results": {}}
    results = {bench.name: one(bench, build, deadline, logs) for bench in listed(build, logs)}
    return {"status": worst(result["status"] for result in results.values()), "results": results}
