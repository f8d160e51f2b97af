"""Tests of scripts/check_kernels.py: how it reads ptxas, and that it catches a kernel that spills.
CMake hands over its nvcc. The project's own kernels may not spill where warnings are errors."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))
import check_kernels  # noqa: E402

NVCC = os.environ.get("PHOSPHENE_NVCC")
needs_toolkit = unittest.skipUnless(NVCC, "no CUDA toolkit in this build")

USAGE = """\
ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function '_Z5firstPf' for 'sm_90'
ptxas info    : Function properties for _Z5firstPf
    8 bytes stack frame, 4 bytes spill stores, 12 bytes spill loads
ptxas info    : Used 40 registers, used 1 barriers, 8 bytes stack size, 8704 bytes smem
ptxas info    : Compiling entry function '_Z6secondv' for 'sm_90'
ptxas info    : Function properties for _Z6secondv
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 8 registers, used 0 barriers
"""
PTX = """\
.visible .entry _Z5firstPf(
\t.param .u64 .ptr .align 1 _Z5firstPf_param_0
)
.maxntid 512, 2, 1
.minnctapersm 2
{
}
.weak .entry _Z6secondv()
{
}
"""
# Forty sums live at once, in a block of 1024 threads of which two must fit: 32 registers each.
SPILLS = """\
__global__ void __launch_bounds__(1024, 2) greedy(const float* x, float* y, int n) {
  float sums[40] = {};
  for (int i = 0; i < n; ++i) {
#pragma unroll
    for (int k = 0; k < 40; ++k) sums[k] = sums[k] * x[i + k] + x[i * k];
  }
#pragma unroll
  for (int k = 0; k < 40; ++k) y[k * 1024 + threadIdx.x] = sums[k];
}
"""
MODEST = "__global__ void __launch_bounds__(128) modest(float* y) { y[threadIdx.x] = 1; }\n"
WARNS = "__global__ void warns(float* y) { int unused; y[threadIdx.x] = 1; }\n"


class Reading(unittest.TestCase):
    def test_usage_and_bounds(self):
        kernels = check_kernels.read_usage(USAGE)
        check_kernels.read_bounds(PTX, kernels)
        first, second = kernels["_Z5firstPf"], kernels["_Z6secondv"]
        self.assertEqual((first.registers, first.spills, first.shared), (40, 16, 8704))
        self.assertEqual((first.threads, first.blocks, first.limit()), (1024, 2, 32))
        self.assertEqual(len(list(first.faults())), 2)
        self.assertEqual((second.threads, second.limit()), (256, 255))
        self.assertEqual(list(second.faults()), [])

    def test_a_kernel_that_goes_unreported_is_a_failure(self):
        kernels = check_kernels.read_usage(USAGE[: USAGE.index("ptxas info    : Compiling entry "
                                                               "function '_Z6")])
        with self.assertRaises(check_kernels.Failure):
            check_kernels.read_bounds(PTX, kernels)


def run(build, *options):
    return subprocess.run(
        [sys.executable, "-B", str(SCRIPTS / "check_kernels.py"), str(build), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class Compiling(unittest.TestCase):
    def check(self, source, *options):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "kernel.cu"
            path.write_text(source)
            command = (
                f"ccache {NVCC} --generate-code=arch=compute_90,code=[sm_90] -MD -MT kernel.o "
                f"-MF kernel.d -x cu -c {path} -o kernel.o"
            )
            entry = {"directory": folder, "command": command, "file": str(path)}
            other = {"directory": folder, "command": "g++ -c other.cpp", "file": "other.cpp"}
            (Path(folder) / "compile_commands.json").write_text(json.dumps([entry, other]))
            done = run(folder, *options)
            self.assertEqual(len(list(Path(folder).iterdir())), 2, "something was written")
            return done

    @needs_toolkit
    def test_a_modest_kernel_passes(self):
        done = self.check(MODEST, "--list")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("1 kernels of 1 files without spills on sm_90", done.stdout)
        self.assertIn("of 255 registers", done.stdout)

    @needs_toolkit
    def test_a_spill_fails(self):
        done = self.check(SPILLS)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"kernel\.cu, sm_90, greedy.*: spills \d+ bytes")

    @needs_toolkit
    def test_a_warning_fails(self):
        done = self.check(WARNS)
        self.assertEqual(done.returncode, 1)
        self.assertIn("never referenced", done.stderr)

    @needs_toolkit
    def test_an_unknown_architecture_is_skipped_by_name(self):
        done = self.check(MODEST, "--archs", "80,12")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("sm_12: skipped", done.stdout)
        self.assertIn("on sm_80", done.stdout)

    def test_a_build_without_cuda_says_so(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertIn("configure the build first", run(folder).stderr)
            (Path(folder) / "compile_commands.json").write_text("[]")
            self.assertIn("compiles no CUDA", run(folder).stderr)


if __name__ == "__main__":
    unittest.main()
