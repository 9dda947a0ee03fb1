"""Compiles the Gen 1 engine; everything else about the package is in pyproject.toml."""

import os
import shlex
import shutil
import sys
import sysconfig
import time
from pathlib import Path

from pybind11.setup_helpers import ParallelCompile, Pybind11Extension, build_ext
from setuptools import setup
from setuptools.errors import PlatformError

ENGINE = Path("pokespiel/game/gen1/engine")
UNITS = sorted(str(path) for path in ENGINE.glob("*.cpp") if not path.name.startswith("bindings_"))
"""The rest of the bindings is included by bindings.cpp."""


def is_outdated(compiled: str, source: str) -> bool:
    """Whether this file, or one that the compiler read for the object file `compiled`, has changed since."""
    listed = Path(compiled).with_suffix(".d")  # written by -MMD: "object: source header header ..."
    try:
        read = shlex.split(listed.read_text().replace("\\\n", " ").partition(":")[2])
        return max(map(os.path.getmtime, [*read, __file__])) > os.path.getmtime(compiled)
    except FileNotFoundError:
        return True


class BuildEngine(build_ext):
    """Says what it does and what it lacks, and compiles again only what has changed."""

    def finalize_options(self) -> None:
        super().finalize_options()
        # An editable installation would otherwise compile into a new temporary folder each time.
        self.build_temp = os.path.join("build", f"engine-{sys.implementation.cache_tag}")

    def build_extensions(self) -> None:
        self._require_tools()
        objects = self.compiler.object_filenames(UNITS, output_dir=self.build_temp)
        stale = sum(map(is_outdated, objects, UNITS))
        if stale:
            print(f"Compiling the Gen 1 engine: {stale} of {len(UNITS)} C++ files ...", flush=True)
        began, used = time.perf_counter(), _processor_time()
        super().build_extensions()
        wall, processor = time.perf_counter() - began, _processor_time() - used
        if stale:
            print(f"The Gen 1 engine is compiled: {wall:.0f} s, {processor:.0f} s of processor time.", flush=True)

    def _require_tools(self) -> None:
        """One sentence for what is missing, before anything is compiled."""
        command = next(word for word in self.compiler.compiler_so_cxx if "=" not in word)
        if not shutil.which(command):
            raise PlatformError(
                f"the engine needs a C++20 compiler, and there is no {command!r} on PATH: install the package g++ "
                "(on Debian and Ubuntu; gcc-c++ on Fedora), or name another compiler in CXX"
            )
        folders = dict.fromkeys([*self.include_dirs, *self.compiler.include_dirs])
        if not any(Path(folder, "Python.h").is_file() for folder in folders):
            raise PlatformError(
                f"the engine needs the headers of Python {sysconfig.get_python_version()}, and there is no Python.h in "
                f"{', '.join(folders)}: install the package python3-dev (on Debian and Ubuntu; python3-devel on Fedora)"
            )


def _processor_time() -> float:
    """Of this process and the compilers that it has run, in seconds."""
    return sum(os.times()[:4])


ParallelCompile("POKESPIEL_BUILD_JOBS", needs_recompile=is_outdated).install()

setup(
    ext_modules=[
        Pybind11Extension(
            "pokespiel.game.gen1._engine",
            UNITS,
            depends=["setup.py", *sorted(map(str, ENGINE.glob("*.[ch]pp")))],
            include_dirs=[str(ENGINE)],
            cxx_std=20,
            extra_compile_args=["-O3", "-g0", "-pthread", "-MMD"],
        )
    ],
    cmdclass={"build_ext": BuildEngine},
)
