"""Tests of scripts/gpu_check.sh with programs that only pretend: what ran and passed is 'passed', and
nothing else ever is."""

import json
import os
import stat
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import types
import unittest
import unittest.mock
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts" / "gpu_check"))

import build  # noqa: E402
import gtest_runs  # noqa: E402
import pictures  # noqa: E402
import sanitizer  # noqa: E402
import steps  # noqa: E402
from apps import CASES  # noqa: E402
from build import APPS, BENCHMARKS  # noqa: E402

TESTS = ["Sums.add", "Sums.square", "Pools/Max.backward/0"]
# A GoogleTest program. Each test does what $FAKE_<its last word> says; by default it passes.
GTEST = r"""#!/bin/bash
for word in "$@"; do [[ $word == --gtest_filter=* ]] && IFS=: read -ra names <<<"${word#*=}"; done
code=0
for name in "${names[@]}"; do
  echo "[ RUN      ] $name"
  case $name in *square) does=$FAKE_SQUARE ;; *) does=$FAKE_OTHERS ;; esac
  case $does in
    fail) echo 'sums.cpp:7: Failure'; echo "[  FAILED  ] $name, where GetParam() = 3 (1 ms)"; code=1 ;;
    refuse) echo "x.cpp:1: Skipped"; echo "no GPU: cudaGetDeviceCount says 'no driver' and 0 devices"
      echo "[  SKIPPED ] $name (0 ms)" ;;
    skip) echo "x.cpp:1: Skipped"; echo "needs two GPUs"; echo "[  SKIPPED ] $name (0 ms)" ;;
    crash) kill -SEGV $$ ;;
    leave) exit 0 ;;
    hang) sleep 60 ;;
    *) echo "[       OK ] $name (1 ms)" ;;
  esac
done
exit $code
"""
SANITIZER = r"""#!/bin/bash
while [[ $1 == --* ]]; do
  case $1 in --tool) tool=$2 ;; --log-file) log=$2 ;; --error-exitcode) found=$2 ;; esac
  shift 2
done
case $FAKE_SANITIZER in
  refuse) echo '========= Error: Device not supported. Please refer to the manual' >"$log"; exit 1 ;;
  silent) "$@"; exit 0 ;;
  quiet) "$@"; echo '========= ERROR SUMMARY: 2 errors' >"$log"; exit 0 ;;
  idle) echo '========= ERROR SUMMARY: 0 errors' >"$log"; exit 0 ;;
esac
"$@"
code=$?
if [[ $FAKE_SANITIZER == "$tool" ]]; then
  echo '========= Invalid __global__ read of size 4 bytes' >"$log"
  code=$found errors=1
fi
if [[ $tool == racecheck ]]; then
  echo "========= RACECHECK SUMMARY: ${errors:-0} hazards displayed (0 errors)" >>"$log"
else
  echo "========= ERROR SUMMARY: ${errors:-0} errors" >>"$log"
fi
exit $code
"""
APP = r"""#!/bin/bash
while (($#)); do
  case $1 in --device) device=$2 ;; --out) out=$2 ;; esac
  shift
done
if [[ $device == cuda && $FAKE_DEVICE == refuse ]]; then echo 'no CUDA driver' >&2; exit 2; fi
if [[ $FAKE_IDLE == "${0##*/}" ]]; then exit 0; fi
if [[ $device == cuda && $FAKE_APP == "${0##*/}" ]]; then from=other; else from=same; fi
if [[ $out == *.png ]]; then from+=/picture.png; fi
ln -s "$FAKE_PICTURES/$from" "$out"
"""
DEVICE = r"""#!/bin/bash
[[ $FAKE_DEVICE == refuse ]] && { echo 'bench_device: no CUDA-capable device is detected' >&2; exit 1; }
echo '{"name": "A GPU", "memory_mib": 81920}'
"""
BENCH = r"""#!/bin/bash
for word in "$@"; do
  [[ $word == --benchmark_out=* ]] && echo '{"benchmarks": [{"name": "one"}]}' >"${word#*=}"
done
echo '{"seconds": 1}'
[[ $FAKE_BENCH != "${0##*/}" ]]
"""


def png(width, height, pixels, kind=0):
    """8-bit RGB, its rows stored as they are or as differences to the pixel on the left."""
    rows = [pixels[row * width * 3:(row + 1) * width * 3] for row in range(height)]
    if kind == 1:
        rows = [bytes((v - (row[i - 3] if i >= 3 else 0)) % 256 for i, v in enumerate(row))
                for row in rows]

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    return (b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(b"".join(bytes([kind]) + row for row in rows)))
            + chunk(b"IEND", b""))


def npy(values):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(values)},), }}".ljust(117)
    return (b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header) + 1) + header.encode() + b"\n"
            + struct.pack(f"<{len(values)}f", *values))


def program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


class Check(unittest.TestCase):
    """One pack and one PATH for all; what the programs do is in the environment."""

    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory()
        cls.folder = Path(cls.holder.name)
        tree = cls.folder / "tree"
        program(tree / "tests" / "kernels_gpu_test", GTEST)
        for name in APPS:
            program(tree / "apps" / name, APP)
        for name in BENCHMARKS:
            program(tree / "bench" / name, DEVICE if name == "bench_device" else BENCH)
        (tree / "lib").mkdir()
        manifest = {"format": 1, "commit": {"id": "c0ffee", "clean": True},
                    "tests": {"kernels_gpu_test": TESTS}}
        (tree / "manifest.json").write_text(json.dumps(manifest))
        cls.pack = cls.folder / "pack.tar.xz"
        cls.make_pack(cls.pack, tree)
        for folder in ("with", "without"):
            program(cls.folder / folder / "ldd", "#!/bin/bash\n[[ -z $FAKE_LDD ]] || "
                    "echo \"        $FAKE_LDD => not found\"\n")
        program(cls.folder / "with" / "compute-sanitizer", SANITIZER)
        pixels = bytes(range(48)) * 4
        changed = bytes([200]) + pixels[1:]
        for name, content in (("same", pixels), ("other", changed)):
            written = cls.folder / name
            written.mkdir()
            for _, _, files in CASES:
                for file in files:
                    made = {"png": lambda: png(8, 8, content), "npy": lambda: npy(content),
                            "jsonl": lambda: b'{"record": {"radius": 0.25, "label": 3}}\n'}
                    file = file or "picture.png"
                    (written / file).write_bytes(made[file.rsplit(".")[-1]]())

    @classmethod
    def tearDownClass(cls):
        cls.holder.cleanup()

    @staticmethod
    def make_pack(path, tree):
        with tarfile.open(path, "w:xz", preset=0) as pack:
            for part in sorted(tree.iterdir()):
                pack.add(part, part.name)

    def check(self, *flags, **does):
        """Exit code and report of one run."""
        with tempfile.TemporaryDirectory(dir=self.folder) as out:
            return self.check_into(out, *flags, **does)

    def check_into(self, out, *flags, build=None, tools="with", **does):
        file = Path(out) / "report.json"
        env = {"PATH": f"{self.folder / tools}:{os.environ['PATH']}", "HOME": str(out),
               "FAKE_PICTURES": str(self.folder), "PHOSPHENE_DATA": "/nowhere",
               **{f"FAKE_{name.upper()}": value for name, value in does.items()}}
        ran = subprocess.run([ROOT / "scripts/gpu_check.sh", "--build", build or self.pack,
                              "--out", file, *flags], env=env, capture_output=True, text=True)
        report = json.loads(file.read_text()) if file.exists() else None
        return ran.returncode, report, ran.stdout + ran.stderr

    def statuses(self, report):
        return {name: step["status"] for name, step in report["steps"].items()}

    def of_tests(self, report):
        return {test["name"]: test["status"] for test in report["steps"]["tests"]["results"]}

    def test_all_passed(self):
        code, report, said = self.check()
        self.assertEqual((code, report["verdict"]), (0, "passed"), said)
        self.assertEqual(set(self.statuses(report).values()), {"passed"})
        self.assertEqual(self.of_tests(report), dict.fromkeys(TESTS, "passed"))
        self.assertEqual(report["commit"]["id"], "c0ffee")
        self.assertEqual(report["device"]["name"], "A GPU")
        self.assertIn("kernels", report["steps"]["benchmarks"]["results"])
        for tool in report["steps"]["sanitizer"]["tools"].values():
            self.assertEqual(tool["tests"], {"passed": 3})

    def test_what_an_earlier_check_left_counts_for_nothing(self):
        with tempfile.TemporaryDirectory(dir=self.folder) as out:
            self.assertEqual(self.check_into(out)[0], 0)
            code, report, said = self.check_into(out, idle="attack")
        self.assertEqual(code, 1, said)
        self.assertEqual(report["steps"]["apps"]["cases"]["attack"]["status"], "failed")
        self.assertEqual(report["steps"]["apps"]["cases"]["cam"]["status"], "passed")

    def test_a_test_that_fails_costs_no_other(self):
        code, report, said = self.check(square="fail")
        self.assertEqual((code, report["verdict"]), (1, "failed"), said)
        self.assertEqual(self.of_tests(report),
                         {TESTS[0]: "passed", TESTS[1]: "failed", TESTS[2]: "passed"})
        self.assertIn("sums.cpp:7", report["steps"]["tests"]["results"][1]["message"])
        self.assertEqual(self.statuses(report), {"build": "passed", "tests": "failed",
                                                 "sanitizer": "failed", "apps": "passed",
                                                 "benchmarks": "passed"})

    def test_a_refused_device_is_not_run(self):
        code, report, said = self.check(device="refuse", square="refuse", others="refuse")
        self.assertEqual((code, report["verdict"]), (3, "incomplete"), said)
        steps_now = self.statuses(report)
        self.assertEqual(steps_now.pop("build"), "passed")
        self.assertEqual(set(steps_now.values()), {"not run"})
        self.assertEqual(set(self.of_tests(report).values()), {"not run"})
        self.assertIn("no CUDA-capable device", report["device"]["refused"])
        self.assertNotIn('"passed"', json.dumps({**report["steps"], "build": None}))

    def run_tests(self, **does):
        with tempfile.TemporaryDirectory(dir=self.folder) as logs:
            env = dict(os.environ, **{f"FAKE_{name.upper()}": value for name, value in does.items()})
            return gtest_runs.run_tests(self.folder / "tree/tests/kernels_gpu_test", TESTS,
                                        time.monotonic() + 5, f"{logs}/log", env)

    def test_what_crashes_skips_or_leaves(self):
        for does, status in (("crash", "failed"), ("skip", "skipped"), ("leave", "failed"),
                             ("refuse", "not run")):
            results, _, problems = self.run_tests(square=does)
            self.assertEqual({name: result["status"] for name, result in results.items()},
                             {TESTS[0]: "passed", TESTS[1]: status, TESTS[2]: "passed"}, does)
            self.assertEqual(problems, [])
        results, _, problems = self.run_tests(others="leave")
        self.assertEqual(len(results), len(TESTS))
        self.assertNotIn("passed", [results[name]["status"] for name in (TESTS[0], TESTS[2])])

    def test_the_sanitizer(self):
        for does, status, tool, others in (
                ("", "passed", "memcheck", "passed"), ("initcheck", "failed", "initcheck", "passed"),
                ("racecheck", "failed", "racecheck", "passed"),
                ("refuse", "not run", "memcheck", "not run"),
                ("silent", "failed", "memcheck", "failed"),
                ("quiet", "failed", "memcheck", "failed"),
                ("idle", "not run", "synccheck", "not run")):
            step = self.sanitize({}, sanitizer=does)
            self.assertEqual(step["status"], status, does)
            for name, of_tool in step["tools"].items():
                self.assertEqual(of_tool["status"], status if name == tool else others, does)
        for square, status in (("refuse", "not run"), ("fail", "failed"), ("crash", "failed"),
                               ("skip", "passed")):
            self.assertEqual(self.sanitize({}, square=square)["status"], status, square)
        self.assertEqual(self.sanitize({"refused": "no GPU"})["status"], "not run")
        # What one process finds is not lost where another's time runs out.
        step = self.sanitize({}, seconds=0.7, jobs=8, square="hang", sanitizer="memcheck")
        self.assertEqual(step["tools"]["memcheck"]["status"], "failed")
        self.assertIn("Invalid __global__ read", step["tools"]["memcheck"]["why"])
        self.assertEqual(step["tools"]["initcheck"]["status"], "timed out")

    def sanitize(self, device, seconds=5, jobs=4, **does):
        build = types.SimpleNamespace(
            tests={"kernels_gpu_test": TESTS}, env=dict(os.environ, **{
                f"FAKE_{name.upper()}": value for name, value in does.items()}),
            program=lambda name: str(self.folder / "tree/tests" / name))
        path = f"{self.folder / 'with'}:{os.environ['PATH']}"
        with tempfile.TemporaryDirectory(dir=self.folder) as logs, \
                unittest.mock.patch.dict(os.environ, PATH=path):
            return sanitizer.check(build, device, time.monotonic() + seconds, logs, jobs)

    def test_the_time_runs_out(self):
        code, report, said = self.check("--seconds", "1.2", square="hang")
        self.assertEqual((code, report["verdict"]), (1, "failed"), said)
        self.assertEqual(self.statuses(report)["tests"], "timed out")
        self.assertNotEqual(self.of_tests(report)[TESTS[1]], "passed")
        self.assertEqual(report["steps"]["sanitizer"]["tools"]["memcheck"]["status"], "timed out")
        self.assertLess(report["seconds"], 30)  # it hangs for 60

    def test_pictures_apart_a_benchmark_without_a_result_and_a_missing_tool(self):
        code, report, _ = self.check(tools="without", app="cam", bench="bench_gram")
        cases = report["steps"]["apps"]["cases"]
        self.assertEqual((code, cases["cam"]["status"], cases["saliency"]["status"]),
                         (1, "failed", "passed"))
        self.assertEqual(report["steps"]["benchmarks"]["results"]["gram"]["status"], "failed")
        self.assertEqual(self.statuses(report)["sanitizer"], "failed")
        self.assertIn("missing", report["steps"]["sanitizer"]["why"])

    def test_a_build_that_is_none(self):
        broken = self.folder / "broken.tar.xz"
        broken.write_bytes(self.pack.read_bytes()[:300])
        code, report, _ = self.check(build=broken)
        self.assertEqual((code, self.statuses(report)),
                         (1, {"build": "failed", "tests": "not run", "sanitizer": "not run",
                              "apps": "not run", "benchmarks": "not run"}))
        self.assertIn("not a pack", report["steps"]["build"]["why"])
        code, report, _ = self.check(ldd="libfmt.so.9")
        self.assertIn("libfmt.so.9", report["steps"]["build"]["why"])
        self.assertEqual(code, 1)
        empty = self.folder / "empty"
        empty.mkdir()
        with self.assertRaisesRegex(steps.Failure, "neither a build folder"):
            build.from_cmake(str(empty))

    def test_a_build_folder(self):
        folder = self.folder / "built"
        folder.mkdir()
        (folder / "CMakeCache.txt").write_text(f"CMAKE_HOME_DIRECTORY:INTERNAL={folder}\n")
        path = f"{self.folder / 'ctest'}:{os.environ['PATH']}"

        def listing(*tests):
            listed = {"tests": [{"name": name, **test} for name, test in tests]}
            program(self.folder / "ctest" / "ctest", f"#!/bin/bash\necho '{json.dumps(listed)}'\n")
            with unittest.mock.patch.dict(os.environ, PATH=path):
                return build.from_cmake(str(folder))

        good = ("gpu.A.b", {"command": ["/x/kernels_gpu_test", "--gtest_filter=A.b"]})
        found = listing(good)
        self.assertEqual(found.tests, {"kernels_gpu_test": ["A.b"]})
        self.assertEqual(found.program("kernels_gpu_test"), "/x/kernels_gpu_test")
        with self.assertRaisesRegex(steps.Failure, "cuda_gpu_test_NOT_BUILT is not built"):
            listing(good, ("cuda_gpu_test_NOT_BUILT", {"command": ["cuda_gpu_test_NOT_BUILT"]}))
        with self.assertRaisesRegex(steps.Failure, "no test labelled gpu"):
            listing().check()
        with self.assertRaisesRegex(steps.Failure, "apps/attack: missing"):
            found.check()

    def test_flags_that_are_wrong(self):
        for flags in (("--libs", "/nowhere"), ("--seconds", "0")):
            code, report, said = self.check(*flags)
            self.assertEqual((code, report), (2, None), said)


class Parts(unittest.TestCase):
    def test_of_several_results_the_worst(self):
        self.assertEqual(steps.worst([]), "not run")
        self.assertEqual(steps.worst(["skipped"]), "not run")
        self.assertEqual(steps.worst(["passed", "skipped"]), "passed")
        self.assertEqual(steps.worst(["passed", "not run"]), "not run")
        self.assertEqual(steps.worst(["not run", "timed out", "passed"]), "timed out")

    def test_a_result_counts_only_for_the_test_that_runs(self):
        ended, running = gtest_runs.read("[       OK ] A.b (1 ms)\n[ RUN      ] C.d\nwords\n")
        self.assertEqual((ended, running), ({}, ("C.d", "words")))

    def test_pictures(self):
        with tempfile.TemporaryDirectory() as folder:
            def file(name, content):
                path = f"{folder}/{name}"
                Path(path).write_bytes(content)
                return path

            pixels = bytes((i * 37) % 251 for i in range(192))
            changed = bytes([pixels[0] + 3]) + pixels[1:]
            plain = file("a.png", png(8, 8, pixels))
            self.assertEqual(pictures.compare(plain, file("b.png", png(8, 8, pixels, 1)))["differ"], 0)
            apart = pictures.compare(plain, file("c.png", png(8, 8, changed)))
            self.assertEqual(apart["largest"], 3)
            self.assertAlmostEqual(apart["psnr"], 61.42, 2)  # 20 log10(255 sqrt(192) / 3)
            array = file("a.npy", npy([0.0, 1.0, 2.0]))
            apart = pictures.compare(array, file("b.npy", npy([0.0, 1.0, 2.5])))
            self.assertAlmostEqual(apart["largest"], 0.2)
            for other in (npy([0.0, 1.0]), npy([0.0, 1.0, float("nan")]), b"words"):
                with self.assertRaises(ValueError):
                    pictures.compare(array, file("c.npy", other))


class Commands(unittest.TestCase):
    @unittest.skipUnless("PHOSPHENE_APPS" in os.environ, "PHOSPHENE_APPS names no built programs")
    def test_take_flags_that_the_programs_have(self):
        """The device is the last that a program reads, before any work."""
        for name, (program, *arguments), _ in CASES:
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                ran = subprocess.run(
                    [f"{os.environ['PHOSPHENE_APPS']}/{program}", *arguments, "--device", "none",
                     "--out", f"{folder}/out.png"], capture_output=True, text=True)
                self.assertIn(": --device 'none': expected cpu", ran.stderr)


if __name__ == "__main__":
    unittest.main()
