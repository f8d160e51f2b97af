"""What is checked: a build folder of CMake's, or a pack, which is made here for another machine."""
import glob
import json
import lzma
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

from steps import Failure, run, text_of

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
APPS = ("attack", "cam", "certify", "evaluate", "occlusion", "saliency", "style_transfer",
        "transfer", "universal")  # merge and robustness compute nothing on a device
BENCHMARKS = ("bench_attack", "bench_device", "bench_gram", "bench_hop_skip_jump", "bench_kernels",
              "bench_network", "bench_occlusion", "bench_style_transfer")
FORMAT = 1  # of the pack
# What a machine with CUDA's compiler or PyTorch has of its own; older copies would get in its way.
NOT_PACKED = re.compile(r"(ld-linux.*|linux-vdso|lib(c|m|dl|rt|pthread|resolv|util|stdc\+\+|gcc_s|"
                        r"cuda|cudart|cublas|cublasLt|cudnn.*|nv.*))\.so")


def git(*command, folder=ROOT):
    ran = subprocess.run(["git", "-C", folder, *command], capture_output=True, text=True)
    return ran.stdout.strip() if ran.returncode == 0 else None


def commit_of(folder):
    """The commit of a source tree, and whether all of it is committed."""
    commit = git("rev-parse", "HEAD", folder=folder)
    return {"id": commit, "clean": git("status", "--porcelain", folder=folder) == ""
            if commit else None}


class Build:
    """Programs by name, the tests of each that need a GPU, and what they are started with."""

    def __init__(self, folder, tests, commit, libraries=()):
        self.folder, self.tests, self.commit = folder, tests, commit
        self.libraries = list(libraries)
        self.env = None
        self.paths = {name: os.path.join(folder, "apps", name) for name in APPS}
        self.paths |= {name: os.path.join(folder, "bench", name) for name in BENCHMARKS}

    def program(self, name):
        return self.paths[name]

    def check(self):
        if not any(self.tests.values()):
            raise Failure(f"{self.folder}: no test labelled gpu; is this a build with CUDA?")
        for path in self.paths.values():
            if not os.access(path, os.X_OK):
                raise Failure(f"{path}: missing; the build needs the apps, the tests labelled gpu "
                              "and the benchmarks (-DPHOSPHENE_BENCH=ON)")

    def set_up(self):
        """Finds the shared libraries: what the machine lacks comes from the folders given, and what
        is then still missing from the wheels of NVIDIA's that this Python has."""
        for folders in (self.libraries, self.libraries + wheel_folders()):
            path = os.pathsep.join([*folders, *filter(None, [os.environ.get("LD_LIBRARY_PATH")])])
            self.env = dict(os.environ, OMP_WAIT_POLICY="passive")
            if path:
                self.env["LD_LIBRARY_PATH"] = path
            missing = sorted(self.missing())
            if not missing:
                return
        raise Failure(f"shared libraries are missing: {', '.join(missing)} (--libs names a folder)")

    def missing(self):
        found = subprocess.run(["ldd", *self.paths.values()], capture_output=True, text=True,
                               env=self.env)
        lines = (found.stdout + found.stderr).splitlines()
        missing = {line.split()[0] for line in lines if line.endswith("=> not found")}
        return missing | {line.strip() for line in lines if "version `" in line}


def wheel_folders():
    return [folder for path in sys.path
            for folder in sorted(glob.glob(os.path.join(path, "nvidia", "*", "lib")))]


def from_cmake(folder):
    cache = text_of(os.path.join(folder, "CMakeCache.txt"))
    source = re.search(r"^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$", cache, re.M)
    if not source:
        raise Failure(f"{folder}: neither a build folder (no CMakeCache.txt) nor a pack")
    listed = subprocess.run(["ctest", "--test-dir", folder, "-L", "^gpu$", "--show-only=json-v1"],
                            capture_output=True, text=True)
    if listed.returncode != 0:
        raise Failure(f"{folder}: ctest lists no tests: {listed.stderr.strip()[-400:]}")
    tests, paths = {}, {}
    for test in json.loads(listed.stdout)["tests"]:
        command = test.get("command", [])
        name = next((word.split("=", 1)[1] for word in command[1:]
                     if word.startswith("--gtest_filter=")), None)
        if name is None:
            raise Failure(f"{folder}: the test {test['name']} is not built, or not GoogleTest's")
        tests.setdefault(os.path.basename(command[0]), []).append(name)
        paths[os.path.basename(command[0])] = command[0]
    build = Build(folder, tests, commit_of(source[1]))
    build.paths |= paths
    return build


def from_pack(file, into):
    try:
        with tarfile.open(file, "r:xz") as pack:
            pack.extractall(into, filter="data") if hasattr(tarfile, "data_filter") else \
                pack.extractall(into)
        with open(os.path.join(into, "manifest.json")) as manifest_file:
            manifest = json.load(manifest_file)
    except (OSError, EOFError, tarfile.TarError, lzma.LZMAError, ValueError) as error:
        raise Failure(f"{file}: not a pack: {error}") from error
    if manifest.get("format") != FORMAT:
        raise Failure(f"{file}: a pack of format {manifest.get('format')}, expected {FORMAT}")
    build = Build(into, manifest["tests"], manifest["commit"], [os.path.join(into, "lib")])
    build.paths |= {name: os.path.join(into, "tests", name) for name in build.tests}
    return build


def compile_here(preset, deadline, log):
    """Configures and builds a preset, in a folder of its own: what the check needs and no more."""
    folder = os.path.join(ROOT, "build", f"gpu-check-{preset}")
    for command in (["cmake", "-S", ROOT, "--preset", preset, "-B", folder, "-DPHOSPHENE_BENCH=ON"],
                    ["cmake", "--build", folder, "--target", "help"],
                    None):
        if command is None:  # the tests on a GPU are the programs called *_gpu_test
            tests = re.findall(r"^(\w+_gpu_test): phony$", text_of(log), re.M)
            command = ["cmake", "--build", folder, "-j", os.cpu_count(), "--target", *APPS,
                       *BENCHMARKS, *tests]
        code = run(command, deadline, log)
        if code is None:
            raise TimeoutError(f"preset {preset}: the time ran out; the log is {log}")
        if code != 0:
            raise Failure(f"preset {preset} could not be built: {text_of(log)[-1500:]}")
    return from_cmake(folder)


def pack(build, out):
    """Gathers a build's programs and the libraries that other machines may lack."""
    build.check()
    with tempfile.TemporaryDirectory() as scratch:
        for part in ("apps", "bench", "tests", "lib"):
            os.mkdir(os.path.join(scratch, part))
        for name, path in build.paths.items():
            part = "apps" if name in APPS else "bench" if name in BENCHMARKS else "tests"
            subprocess.run(["strip", "-o", os.path.join(scratch, part, name), path], check=True)
        listed = subprocess.run(["ldd", *build.paths.values()], capture_output=True, text=True,
                                check=True).stdout
        for name, path in set(re.findall(r"^\s*(\S+) => (/\S+)", listed, re.M)):
            if not NOT_PACKED.match(name):
                shutil.copy(path, os.path.join(scratch, "lib", name))
        with open(os.path.join(scratch, "manifest.json"), "w") as file:
            json.dump({"format": FORMAT, "commit": build.commit, "tests": build.tests}, file)
        # The programs hold much the same code: a window over several of them finds it.
        filters = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 64 << 20}]
        with lzma.open(f"{out}.partial", "wb", filters=filters) as compressed, \
                tarfile.open(fileobj=compressed, mode="w") as archive:
            for part in ("manifest.json", "apps", "bench", "tests", "lib"):
                archive.add(os.path.join(scratch, part), part)
    os.replace(f"{out}.partial", out)
