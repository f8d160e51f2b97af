"""compute-sanitizer on the kernels' tests."""
import glob
import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor

from gtest_runs import REFUSED as NO_DEVICE
from gtest_runs import run_tests
from steps import FAILED, NOT_RUN, PASSED, TIMED_OUT, text_of, worst

TOOLS = ("memcheck", "racecheck", "initcheck", "synccheck")
PROGRAM = "kernels_gpu_test"
FOUND = 86  # the exit code that we ask for where a tool finds something
SUMMARY = re.compile(r"^=+ (?:ERROR SUMMARY: (\d+) error|RACECHECK SUMMARY: (\d+) hazard)", re.M)
# What it says where the tool cannot work on the device at all, as under gVisor.
REFUSED = re.compile(r"^.*Device not supported.*$", re.M)


def find():
    """The program, also where a toolkit has it outside of the PATH."""
    places = ("/usr/local/cuda*/bin", "/usr/local/cuda*/compute-sanitizer", "/opt/nvidia/*",
              "/opt/nvidia/*/*", ".cuda/toolkit/bin")
    return shutil.which("compute-sanitizer") or next(
        (file for place in places for file in glob.glob(f"{place}/compute-sanitizer")
         if os.access(file, os.X_OK)), None)


def one_tool(sanitizer, tool, program, names, deadline, logs, env, parts):
    def prefix(log):
        return [sanitizer, "--tool", tool, "--error-exitcode", FOUND, "--log-file", f"{log}.found"]

    results, exits, _ = run_tests(program, names, deadline, f"{logs}/{tool}", env, parts, prefix)
    said = [(code, text_of(log), text_of(f"{log}.found")) for code, log in exits]
    counts = {}
    for result in results.values():
        counts[result["status"]] = counts.get(result["status"], 0) + 1
    report = {"tests": counts, "processes": len(exits),
              "bad": {name: result for name, result in results.items()
                      if result["status"] != PASSED}}
    # What was found counts, whatever became of the other processes.
    for code, text, found in said:
        errors = sum(int(a or b) for a, b in SUMMARY.findall(found + text))
        report["found"] = report.get("found", 0) + errors
        if errors > 0 or code == FOUND:
            report |= {"status": FAILED, "why": (found or text)[:4000]}
    if report.get("status") == FAILED:
        return report
    refused = next((match[0].strip("= ") for _, text, found in said
                    if (match := REFUSED.search(found) or REFUSED.search(text))), None)
    if refused:
        return report | {"status": NOT_RUN, "why": f"the device is refused: {refused}"}
    if any(code is None for code, _, _ in said):
        return report | {"status": TIMED_OUT, "why": "the time ran out"}
    no_device = [result.get("message", "") for result in results.values()]
    if all(NO_DEVICE.match(message) for message in no_device):
        return report | {"status": NOT_RUN, "why": no_device[0]}
    # Passed is what says so: each process by its exit code and its summary, and every test.
    for code, text, found in said:
        if not SUMMARY.search(found + text):
            return report | {"status": FAILED, "why": f"no summary: {(found + text)[-1000:]}"}
        if code != 0:
            return report | {"status": FAILED, "why": f"exit code {code}: {text[-1000:]}"}
    report["status"] = worst(counts)
    if report["status"] == NOT_RUN:
        report["why"] = "some tests did not run"
    return report


def check(build, device, deadline, logs, jobs):
    sanitizer = find()
    if sanitizer is None:
        why = "compute-sanitizer is missing: not on the PATH, nor where toolkits put it"
        return {"status": FAILED, "why": why, "tools": {}}
    if "refused" in device:
        return {"status": NOT_RUN, "why": device["refused"], "tools": {}}
    names = build.tests.get(PROGRAM, [])
    if not names:
        return {"status": FAILED, "why": f"the build has no tests of {PROGRAM}", "tools": {}}
    parts = max(1, jobs // len(TOOLS))
    with ThreadPoolExecutor(max_workers=len(TOOLS)) as pool:
        ran = list(pool.map(lambda tool: one_tool(sanitizer, tool, build.program(PROGRAM), names,
                                                  deadline, logs, build.env, parts), TOOLS))
    tools = dict(zip(TOOLS, ran))
    return {"status": worst(tool["status"] for tool in ran), "program": sanitizer, "tools": tools}
