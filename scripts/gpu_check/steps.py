"""What the steps share: their results, the time they have, and programs that are run."""
import os
import signal
import subprocess
import time

PASSED, FAILED, TIMED_OUT, NOT_RUN, SKIPPED = "passed", "failed", "timed out", "not run", "skipped"


def worst(statuses):
    """Of several results one; of none 'not run'. A skipped test says nothing either way."""
    statuses = list(statuses)
    for status in (FAILED, TIMED_OUT, NOT_RUN, PASSED):
        if status in statuses:
            return status
    return NOT_RUN


class Failure(Exception):
    """A step cannot go on: one line that says why."""


class Clock:
    """Divides the time that is left among the steps that are left, by their weights."""

    def __init__(self, seconds, weights):
        self.end = time.monotonic() + seconds
        self.weights = dict(weights)

    def left(self):
        return max(0.0, self.end - time.monotonic())

    def begin(self, step):
        """The deadline of `step`. What it leaves goes to those after it."""
        share = self.weights[step] / sum(self.weights.values())
        del self.weights[step]
        return time.monotonic() + self.left() * share


def run(command, deadline, log, env=None, output=None):
    """Runs to the end or to the deadline. What it prints goes into the file `log`, its standard output
    into `output` where that is given. Returns the exit code, or None where the time ran out; then the
    program and all that it started are ended."""
    with open(log, "wb") as said, open(output or os.devnull, "wb") as printed:
        try:
            process = subprocess.Popen([str(part) for part in command],
                                       stdout=printed if output else said,
                                       stderr=said, stdin=subprocess.DEVNULL, env=env,
                                       start_new_session=True)
        except OSError as error:
            said.write(f"{command[0]}: {error.strerror}\n".encode())
            return 127
        try:
            return process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return None


def text_of(log, most=None):
    """What a log says; of a long one the end."""
    try:
        with open(log, errors="replace") as file:
            text = file.read()
    except FileNotFoundError:
        return ""
    return text if most is None else text[-most:]
