"""The native reader is built where a C compiler is, and left out where none is: Heliograph then reads in Python.

In: feeds/nativexml.pyx. Out: an extension module beside it. Never: an installation that fails for want of a compiler.
"""

from __future__ import annotations

import os
import shutil
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface[Any]):
    """Called by hatchling before it packs a wheel or links a checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the extension and have it packed; say why not, where that fails."""
        if self.target_name != "wheel":
            return
        try:
            built = build(Path(self.root))
        except Exception as error:
            self.app.display_warning(f"the native reader was not built ({error}): feeds will be read in Python alone")
            return
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
        build_data["artifacts"].append(built.relative_to(self.root).as_posix())


def build(root: Path) -> Path:
    """The extension module beside its source, new where the source is. Raises what Cython or the compiler has to say."""
    source_file = root / "feeds" / "nativexml.pyx"
    target = root / "feeds" / f"nativexml{sysconfig.get_config_var('EXT_SUFFIX')}"
    if target.exists() and target.stat().st_mtime > source_file.stat().st_mtime:
        return target
    from Cython.Build import cythonize
    from setuptools import Distribution, Extension
    from setuptools.command.build_ext import build_ext

    with tempfile.TemporaryDirectory() as folder:
        source = Extension("feeds.nativexml", [str(source_file)], extra_compile_args=["-O3"])
        modules = cythonize([source], build_dir=folder, quiet=True)
        command = build_ext(Distribution({"ext_modules": modules}))
        command.build_lib, command.build_temp = folder, folder
        command.ensure_finalized()
        command.run()
        made = Path(command.get_ext_fullpath("feeds.nativexml"))
        # A running process may have loaded the old one: it keeps its file.
        fresh = target.with_suffix(".new")
        shutil.copyfile(made, fresh)
        os.replace(fresh, target)
    return target
