"""scripts/gpu_check.sh says what this does."""
import argparse
import datetime
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time

import apps
import benchmarks
import build as builds
import sanitizer
from gtest_runs import run_tests
from steps import (FAILED, NOT_RUN, PASSED, SKIPPED, TIMED_OUT, Clock, Failure, run, text_of, worst)

# Shares of the time. What a step leaves goes to those after it: with a build brought along the tests
# may take 114 s of 570, compute-sanitizer at least 247 s.
WEIGHTS = {"build": 40, "tests": 12, "sanitizer": 26, "apps": 10, "benchmarks": 12}
SECONDS = 570
EXIT = {PASSED: 0, FAILED: 1, TIMED_OUT: 1, NOT_RUN: 3}
VERDICT = {PASSED: "passed", FAILED: "failed", TIMED_OUT: "failed", NOT_RUN: "incomplete"}


def arguments():
    parser = argparse.ArgumentParser(prog="gpu_check.sh", add_help=False)
    parser.add_argument("--build")
    parser.add_argument("--libs", action="append", default=[])
    parser.add_argument("--pack")
    parser.add_argument("--out", default="gpu_report.json")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parsed = parser.parse_args()
    for flag, path in [("--build", parsed.build), *(("--libs", path) for path in parsed.libs)]:
        if path and not os.path.exists(path):
            parser.error(f"{flag} {path}: no such file or folder")
    if parsed.pack and (parsed.build or parsed.libs):
        parser.error("--pack builds by itself: it takes neither --build nor --libs")
    for flag in ("build", "pack", "out"):
        if getattr(parsed, flag) is not None:
            setattr(parsed, flag, os.path.abspath(getattr(parsed, flag)))
    parsed.libs = [os.path.abspath(path) for path in parsed.libs]
    if not 0 < parsed.seconds < float("inf"):
        parser.error(f"--seconds {parsed.seconds}: expected more than 0")
    return parsed


def take_build(flags, deadline, logs, scratch):
    if flags.build is None:
        # Where there is a GPU, for that one alone.
        build = builds.compile_here("cuda", deadline, f"{logs}/build.log")
    elif os.path.isdir(flags.build):
        build = builds.from_cmake(flags.build)
    else:
        build = builds.from_pack(flags.build, scratch)
    build.check()
    build.libraries = flags.libs + build.libraries
    build.set_up()
    return build


def driver():
    """Version and the GPU's memory in MiB, as the driver's own tool says them."""
    if shutil.which("nvidia-smi") is None:
        return {}
    said = subprocess.run(["nvidia-smi", "--query-gpu=driver_version,memory.total",
                           "--format=csv,noheader,nounits"], capture_output=True, text=True)
    match = re.match(r"([\d.]+), (\d+)", said.stdout)
    return {"driver": match[1], "memory_mib": int(match[2])} if match else {}


def find_device(build, deadline, logs):
    """What the CUDA runtime, cuDNN and cuBLAS say of the device, or why there is none."""
    log, output = f"{logs}/device.log", f"{logs}/device.json"
    code = run([build.program("bench_device")], min(deadline, time.monotonic() + 30), log, build.env,
               output)
    if code != 0:
        why = "no answer in time" if code is None else text_of(log).strip()[-500:]
        return {"refused": why or f"bench_device ended with exit code {code}"} | driver()
    try:
        return json.loads(text_of(output)) | driver()
    except ValueError:
        return {"refused": f"bench_device printed no JSON: {text_of(output, 200)}"}


def check_tests(build, deadline, logs, jobs):
    programs = [(name, tests) for name, tests in build.tests.items() if tests]
    results, wrong, ended = [], [], []
    for i, (name, tests) in enumerate(programs):
        end = time.monotonic() + (deadline - time.monotonic()) / (len(programs) - i)
        ran, exits, problems = run_tests(build.program(name), tests, end, f"{logs}/{name}",
                                         build.env, jobs)
        ended += [TIMED_OUT for code, _ in exits if code is None]
        results += [{"program": name, "name": test, **result} for test, result in ran.items()]
        wrong += [f"{name}: {problem}" for problem in problems]
    status = FAILED if wrong else worst([result["status"] for result in results] + ended)
    report = {"status": status, "results": results, "problems": wrong}
    counts = {}
    for result in results:
        counts[result["status"]] = counts.get(result["status"], 0) + 1
    return report | {"counts": counts}


def timed(clock, name, check):
    start = time.monotonic()
    deadline = clock.begin(name)
    report = {"budget_s": round(deadline - start, 1)}
    try:
        report |= check(deadline)
    except Failure as failure:
        report |= {"status": FAILED, "why": str(failure)}
    except TimeoutError as error:
        report |= {"status": TIMED_OUT, "why": str(error)}
    except Exception as error:  # a fault of this script must not cost what the other steps found
        report |= {"status": FAILED, "why": f"{type(error).__name__}: {error}"}
    return report | {"seconds": round(time.monotonic() - start, 1)}


def write(report, path):
    with open(f"{path}.partial", "w") as file:
        json.dump(report, file, indent=1)
    os.replace(f"{path}.partial", path)


def check(flags, logs, scratch, report):
    """Fills the report and writes it, step by step; what it does not reach stays 'not run'."""
    clock = Clock(flags.seconds, WEIGHTS)
    steps, taken = report["steps"], []

    def building(deadline):
        taken.append(take_build(flags, deadline, logs, scratch))
        return {"status": PASSED, "from": flags.build or "preset cuda"}

    steps["build"] = timed(clock, "build", building)
    if not taken:
        report["device"] = driver()
        return
    build = taken[0]
    report["commit"] = build.commit
    device = report["device"] = find_device(build, time.monotonic() + clock.left(), logs)
    # As many processes at once as the GPU's memory holds of the larger tests.
    cores = os.cpu_count() or 1
    jobs = max(1, min(cores, 16, device.get("memory_mib", 0) // 4096))
    build.env["OMP_NUM_THREADS"] = str(max(1, cores // jobs))
    write(report, flags.out)
    steps["tests"] = timed(clock, "tests", lambda end: check_tests(build, end, logs, jobs))
    write(report, flags.out)
    steps["sanitizer"] = timed(clock, "sanitizer", lambda end: sanitizer.check(
        build, device, end, logs, jobs))
    write(report, flags.out)
    few = min(4, jobs)
    build.env["OMP_NUM_THREADS"] = str(max(1, cores // few))
    steps["apps"] = timed(clock, "apps", lambda end: apps.check(build, device, end, logs, few))
    write(report, flags.out)
    build.env.pop("OMP_NUM_THREADS")
    steps["benchmarks"] = timed(clock, "benchmarks", lambda end: benchmarks.check(
        build, device, end, logs))


def lines(report):
    """The table: every step, and in it what did not pass."""
    device = report["device"]
    yield f"device   {device.get('name') or 'refused: ' + device.get('refused', 'not asked')}"
    commit = report["commit"]
    changed = "" if commit["clean"] else " and what is not committed"
    yield f"commit   {commit['id'] or 'unknown'}{changed if commit['id'] else ''}"
    for name, step in report["steps"].items():
        more = ", ".join(f"{count} {status}" for status, count in step.get("counts", {}).items())
        why = step.get("why", "").strip()
        if name != "build":  # whose message is all there is
            why = (why.splitlines() or [""])[0][:110]
        yield (f"{name:11} {step['status']:10} {step.get('seconds', 0):6.1f} s of "
               f"{step.get('budget_s', 0):5.1f}  {more or why}".rstrip())
        inside = step.get("tools") or step.get("cases") or step.get("results") or {}
        if isinstance(inside, list):
            bad = [one for one in inside if one["status"] not in (PASSED, SKIPPED)]
            inside = {one["name"]: one for one in bad[:8]}
            if len(bad) > 8:
                inside[f"and {len(bad) - 8} more"] = {"status": "", "message": "in the report"}
        for part, one in inside.items():
            yield (f"  {part:28} {one['status']:10} {detail(one)}").rstrip()


def detail(one):
    for name, file in one.get("files", {}).items():
        if file["status"] != PASSED or name.endswith((".png", ".jsonl")):
            if "why" in file:
                return f"{name}: {file['why']}"[:110]
            apart = f"{name}: apart by {file['largest']:.2g}"
            psnr = file.get("psnr", "")
            return apart + (f", PSNR {psnr:.1f}" if isinstance(psnr, float) else f" {psnr}").rstrip()
    why = one.get("why") or one.get("message") or one.get("peers", "")
    return (why.strip().splitlines() or [""])[0][:110]


def main():
    flags = arguments()
    os.chdir(builds.ROOT)
    logs = f"{os.path.splitext(flags.out)[0]}.logs"
    os.makedirs(logs, exist_ok=True)
    if flags.pack:
        # sm_90 is what this preset compiles for.
        end = time.monotonic() + 24 * 3600
        try:
            builds.pack(builds.compile_here("ci-cuda", end, f"{logs}/build.log"), flags.pack)
        except (Failure, OSError, subprocess.CalledProcessError) as failure:
            sys.exit(f"gpu_check.sh: {failure}")
        print(f"{flags.pack}: {os.path.getsize(flags.pack) / 2**20:.1f} MiB")
        return 0

    start = time.monotonic()
    report = {"verdict": "incomplete", "commit": {"id": None, "clean": None},
              "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
              "host": {"cores": os.cpu_count(), "python": platform.python_version(),
                       "system": platform.platform()},
              "device": {}, "steps": {name: {"status": NOT_RUN} for name in WEIGHTS}}
    write(report, flags.out)  # not an earlier one's, if this is killed
    with tempfile.TemporaryDirectory(prefix="phosphene-gpu-check-") as scratch:
        check(flags, logs, scratch, report)
    status = worst(step["status"] for step in report["steps"].values())
    report |= {"verdict": VERDICT[status], "seconds": round(time.monotonic() - start, 1)}
    write(report, flags.out)
    print("\n".join(lines(report)))
    print(f"{report['verdict']} in {report['seconds']} s: {flags.out}")
    return EXIT[status]


if __name__ == "__main__":
    sys.exit(main())
