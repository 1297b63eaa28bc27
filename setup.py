"""Builds the compiled CPU kernels, and takes the resources into the wheel.

The kernels are optional: without a C compiler the engine runs on torch, slower.
"""

import shutil
from pathlib import Path

from setuptools import Extension, find_packages, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

KERNELS = Path("engine/kernels")
SOURCES = (
    *("guard.c", "layer.c", "linear.c", "merges.c", "pool.c", "reply.c", "survey.c"),
    *("portable.c", "avx2.c", "avx512.c", "neon.c", "dotprod.c"),
)


class BuildKernels(build_ext):
    """A plain shared library: it has no Python module inside, so nothing is exported for one."""

    def get_export_symbols(self, ext: Extension) -> list[str]:
        """The functions mark themselves."""
        return ext.export_symbols


class BuildWithResources(build_py):
    """The folder `resources` of the source becomes `app/resources`, where app/core/themes.py looks first."""

    def run(self) -> None:
        """Part of setuptools."""
        super().run()
        if not self.editable_mode:
            shutil.copytree("resources", Path(self.build_lib) / "app" / "resources", dirs_exist_ok=True)


setup(
    packages=find_packages(include=["app", "app.*", "engine", "engine.*"]),
    package_data={"engine.quants": ["codebooks.safetensors"], "engine.cuda": ["*.cu", "*.h"]},
    exclude_package_data={"engine.kernels": ["*.c", "*.h"]},
    cmdclass={"build_ext": BuildKernels, "build_py": BuildWithResources},
    ext_modules=[
        Extension(
            "engine.kernels._native",
            sources=[str(KERNELS / name) for name in SOURCES],
            depends=[str(path) for path in sorted(KERNELS.glob("*.h"))],
            extra_compile_args=[
                "-std=c11",
                "-O3",
                "-ffp-contract=fast",
                "-fno-math-errno",
                "-fvisibility=hidden",
                "-pthread",
                "-Wall",
                "-Wextra",
            ],
            extra_link_args=["-pthread", "-lm"],
            optional=True,
        )
    ],
)
