"""GoogleTest programs, each test by name, a part of them in each process. Results are read from what
a program prints while it runs, so that a crash or a lack of time costs one test and not all."""
import re
import time
from concurrent.futures import ThreadPoolExecutor

from steps import FAILED, NOT_RUN, PASSED, SKIPPED, TIMED_OUT, run, text_of

STARTED = re.compile(r"^\[ RUN      \] (\S+)")
ENDED = re.compile(r"^\[\s+(OK|FAILED|SKIPPED)\s+\] (\S+?)(?:, where .*)? \((\d+) ms\)\s*$")
STATUS = {"OK": PASSED, "FAILED": FAILED, "SKIPPED": SKIPPED}
# How the tests say that they skip because the CUDA runtime gives them no device.
REFUSED = re.compile(r"\bno (?:CUDA device|GPU): cudaGetDeviceCount says .*")
MOST_TEXT = 4000  # of a test's output in the report


def read(text):
    """The tests that ended, and the one that had not: {name: result}, (name, output) or None."""
    ended, running, lines = {}, None, []
    for line in text.splitlines():
        if match := STARTED.match(line):
            running, lines = match[1], []
        elif (match := ENDED.match(line)) and running == match[2]:
            message = "\n".join(lines)[-MOST_TEXT:]
            result = {"status": STATUS[match[1]], "ms": int(match[3])}
            if result["status"] == SKIPPED and (refusal := REFUSED.search(message)):
                result |= {"status": NOT_RUN, "message": refusal[0]}
            elif result["status"] != PASSED:
                result["message"] = message
            ended[running] = result
            running = None
        elif running:
            lines.append(line)
    return ended, (running, "\n".join(lines)[-MOST_TEXT:]) if running else None


def run_part(program, names, deadline, log, env, prefix):
    """Runs the tests of one process, and after a crash those that are left in another. Returns
    {name: result}, how the processes ended [(exit code, log)], and what is wrong beyond the tests."""
    results, exits, problems, left = {}, [], [], list(names)
    while left:
        file = f"{log}-{len(exits)}.log"
        command = [*prefix(file), program, "--gtest_color=no", f"--gtest_filter={':'.join(left)}"]
        code = run(command, deadline, file, env)
        exits.append((code, file))
        text = text_of(file)
        ended, running = read(text)
        ended = {name: result for name, result in ended.items() if name in left}
        results |= ended
        if running and running[0] in left:
            status, why = (TIMED_OUT, "the time ran out") if code is None else (
                FAILED, f"the program ended with exit code {code}")
            results[running[0]] = {"status": status, "message": f"{why}\n{running[1]}"}
        elif code not in (0, 1, None) and not prefix(file):
            problems.append(f"exit code {code} outside of a test: {text[-MOST_TEXT:]}")
        finished = len(left)
        left = [name for name in left if name not in results]
        if code is None or len(left) == finished or time.monotonic() >= deadline:
            break
    why = "the time ran out" if exits[-1][0] is None else f"the program did not run it: {text[-400:]}"
    results |= {name: {"status": NOT_RUN, "message": why} for name in left}
    return results, exits, problems


def run_tests(program, names, deadline, log, env, parts=1, prefix=lambda file: []):
    """All `names` of a program in `parts` processes at once; `prefix(log)` goes before the program."""
    shares = [share for share in (names[part::parts] for part in range(parts)) if share]
    results, exits, problems = {}, [], []
    with ThreadPoolExecutor(max_workers=len(shares) or 1) as pool:
        ran = pool.map(lambda part: run_part(program, part[1], deadline, f"{log}-{part[0]}", env,
                                             prefix), enumerate(shares))
        for more, ends, wrong in ran:
            results |= more
            exits += ends
            problems += wrong
    return {name: results[name] for name in names}, exits, problems
