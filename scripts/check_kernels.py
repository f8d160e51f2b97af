#!/usr/bin/env python3
"""Compiles every CUDA file and reads what ptxas says that its kernels take.

    python3 scripts/check_kernels.py BUILD [--archs 75,80,90a] [--jobs N] [--list]

Fails where the compiler warns, where a kernel spills registers, and where it takes more of them
than its launch bounds leave to a thread. BUILD is a configured build folder with CUDA: its
compile_commands.json names the files and their flags. Without --archs, for the architectures of
that build (sm_90 where it names none, as with `native`); with them, for these. --list prints every
kernel. Nothing is written.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

REGISTERS = 65536  # of a multiprocessor, and of a block, on every architecture since sm_50
MOST_REGISTERS = 255  # that an instruction can name
UNDECLARED_THREADS = 256  # kBlock of kernels/simt.hpp: larger blocks need __launch_bounds__


class Failure(Exception):
    pass


@dataclass
class Kernel:
    name: str
    registers: int = 0
    stack: int = 0
    shared: int = 0
    spills: int = 0  # bytes stored and loaded
    threads: int = UNDECLARED_THREADS
    blocks: int = 1  # of a multiprocessor, at least

    def limit(self):
        """Registers are given to warps of 32 threads, eight to a thread at a time."""
        warps = -(-self.threads // 32) * self.blocks
        return min(MOST_REGISTERS, REGISTERS // (32 * warps) // 8 * 8)

    def faults(self):
        if self.spills:
            yield f"spills {self.spills} bytes"
        if self.registers > self.limit():
            yield (
                f"takes {self.registers} registers, its launch bounds of {self.threads} threads "
                f"and {self.blocks} blocks leave {self.limit()}"
            )


def read_usage(text):
    """The kernels in what ptxas -v prints, by name. What a function that was not inlined spills
    is counted with the kernel that was named before it."""
    kernels, kernel = {}, None
    for line in text.splitlines():
        if entry := re.search(r"Compiling entry function '(\w+)'", line):
            kernel = kernels.setdefault(entry[1], Kernel(entry[1]))
        elif kernel is None:
            continue
        elif stack := re.search(
            r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", line
        ):
            kernel.stack += int(stack[1])
            kernel.spills += int(stack[2]) + int(stack[3])
        elif used := re.search(r"Used (\d+) registers", line):
            kernel.registers = int(used[1])
            if shared := re.search(r"(\d+) bytes smem", line):
                kernel.shared = int(shared[1])
    return kernels


def read_bounds(ptx, kernels):
    """Puts the launch bounds that the PTX declares into the kernels, which must be the same."""
    entries = re.findall(r"\.entry\s+(\w+)\s*(?:\([^)]*\))?([^{;]*)\{", ptx)
    if {name for name, _ in entries} != set(kernels):
        raise Failure(f"ptxas reports {sorted(kernels)}, the PTX holds {sorted(dict(entries))}")
    for name, directives in entries:
        if threads := re.search(r"\.maxntid\s+(\d+)(?:\s*,\s*(\d+))?(?:\s*,\s*(\d+))?", directives):
            kernels[name].threads = 1
            for extent in threads.groups(default="1"):
                kernels[name].threads *= int(extent)
        if blocks := re.search(r"\.minnctapersm\s+(\d+)", directives):
            kernels[name].blocks = int(blocks[1])


@dataclass
class Unit:
    """One CUDA file: how the build compiles it, less the architectures and the output."""

    source: Path
    folder: str
    command: list
    archs: list


def units_of(build):
    database = build / "compile_commands.json"
    if not database.exists():
        raise Failure(f"{database} is not there: configure the build first")
    units = []
    for entry in json.loads(database.read_text()):
        words = entry.get("arguments") or shlex.split(entry["command"])
        nvcc = next((i for i, word in enumerate(words) if Path(word).name == "nvcc"), None)
        if nvcc is None:
            continue
        command, archs = [], []
        rest = iter(words[nvcc:])
        for word in rest:
            if word.startswith("--generate-code="):
                archs += re.findall(r"sm_(\w+)", word)
            elif word in ("-o", "-MT", "-MF"):
                next(rest)
            elif word not in ("-c", "-MD") and not word.startswith("-arch="):
                command.append(word)
        units.append(Unit(Path(entry["file"]), entry["directory"], command, archs))
    if not units:
        raise Failure(f"{build} compiles no CUDA: configure it with -D PHOSPHENE_CUDA=ON")
    return units


def compile_unit(unit, arch):
    """The kernels of a file on one architecture."""
    where = f"{unit.source.name}, sm_{arch}"
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *unit.command,
            f"--generate-code=arch=compute_{arch},code=sm_{arch}",
            *("--Werror", "all-warnings", "-Xptxas", "-v", "-cubin"),
            *("--keep", "--keep-dir", folder, "-o", f"{folder}/out.cubin"),
        ]
        done = subprocess.run(
            command,
            cwd=unit.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        if done.returncode != 0:
            raise Failure(f"{where} does not compile:\n{done.stdout}")
        kernels = read_usage(done.stdout)
        ptx = sorted(Path(folder).glob("*.ptx"))
        if len(ptx) != 1:
            raise Failure(f"{where}: nvcc left {len(ptx)} PTX files, expected 1")
        read_bounds(ptx[0].read_text(), kernels)
    return list(kernels.values())


def readable(names):
    """Demangled, as far as there is c++filt, and without arguments."""
    if shutil.which("c++filt") is None:
        return dict(zip(names, names))
    shown = subprocess.run(
        ["c++filt", "-p"], input="\n".join(names), stdout=subprocess.PIPE, text=True, check=True
    )
    short = [line.replace("phosphene::kernels::cuda::", "") for line in shown.stdout.splitlines()]
    return dict(zip(names, short))


def known_archs(nvcc):
    listed = subprocess.run(
        [nvcc, "--list-gpu-code"], stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    return set(re.findall(r"sm_(\w+)", listed))


def check(build, archs, jobs, show):
    units = units_of(build)
    nvcc = units[0].command[0]
    known = known_archs(nvcc)

    def is_known(arch):
        return re.sub("[af]$", "", arch) in known  # nvcc lists sm_90, and takes sm_90a too

    for arch in (arch for arch in archs if not is_known(arch)):
        print(f"sm_{arch}: skipped, {nvcc} does not know it")
    tasks = [
        (unit, arch)
        for unit in units
        for arch in (archs or sorted(set(unit.archs)) or ["90"])
        if is_known(arch)
    ]
    if not tasks:
        raise Failure("there is nothing to compile for")
    with ThreadPoolExecutor(jobs) as pool:
        results = list(pool.map(lambda task: compile_unit(*task), tasks))

    names = readable(sorted({kernel.name for kernels in results for kernel in kernels}))
    faults = []
    for (unit, arch), kernels in zip(tasks, results):
        for kernel in kernels:
            what = f"{unit.source.name}, sm_{arch}, {names[kernel.name]}"
            if show:
                print(
                    f"{kernel.registers:4} of {kernel.limit():3} registers {kernel.shared:6} shared "
                    f"{kernel.stack:5} stack  {what}"
                )
            faults += [f"{what}: {fault}" for fault in kernel.faults()]
    if faults:
        raise Failure("\n".join(faults))
    count = sum(len(kernels) for kernels in results)
    done = dict.fromkeys(arch for _, arch in tasks)
    print(f"{count} kernels of {len(units)} files without spills on sm_{', sm_'.join(done)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=Path)
    parser.add_argument("--archs", default="", help="75,80,90a; default: the build's")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--list", action="store_true", help="print every kernel")
    arguments = parser.parse_args()
    archs = [arch for arch in arguments.archs.split(",") if arch]
    try:
        check(arguments.build, archs, arguments.jobs, arguments.list)
    except Failure as failure:
        sys.exit(f"check_kernels.py: {failure}")


if __name__ == "__main__":
    main()
