"""Builds the Gen 1 engine; everything else about the package is in pyproject.toml."""

from pathlib import Path

from pybind11.setup_helpers import ParallelCompile, Pybind11Extension, build_ext
from setuptools import setup

ENGINE = Path("pokespiel/game/gen1/engine")

HEADERS = sorted(str(header) for header in ENGINE.glob("*.hpp"))


def is_outdated(compiled: str, source: str) -> bool:
    """Whether the source or any header is newer than what was compiled."""
    return any(Path(path).stat().st_mtime > Path(compiled).stat().st_mtime for path in (source, *HEADERS))


ParallelCompile("POKESPIEL_BUILD_JOBS", default=2, needs_recompile=is_outdated).install()

setup(
    ext_modules=[
        Pybind11Extension(
            "pokespiel.game.gen1._engine",
            sorted(str(source) for source in ENGINE.glob("*.cpp")),
            depends=HEADERS,
            include_dirs=[str(ENGINE)],
            cxx_std=20,
            extra_compile_args=["-O3", "-g0", "-pthread"],
        )
    ],
    cmdclass={"build_ext": build_ext},
)
