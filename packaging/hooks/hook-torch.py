"""How PyInstaller takes PyTorch in: the modules that are imported and their libraries, not the whole folder.

The hook that PyInstaller brings takes every module and file of torch; 300 MB are headers, tests, compilers and tools
that no model needs.
"""

from pathlib import Path

from PyInstaller.utils.hooks import PY_DYLIB_PATTERNS, collect_dynamic_libs, get_package_paths

NOT_NEEDED = ("test", "libshm_windows", "aoti_custom_ops", "backend_with_compiler", "jitbackend")
MANAGER = Path(get_package_paths("torch")[1]) / "bin" / "torch_shm_manager"  # torch asks at once whether it is there

warn_on_missing_hiddenimports = False
binaries = [
    (source, folder)
    for source, folder in collect_dynamic_libs("torch", search_patterns=[*PY_DYLIB_PATTERNS, "*.so.*"])
    if not any(word in source.rpartition("torch")[2] for word in NOT_NEEDED)
]
if MANAGER.exists():
    binaries.append((str(MANAGER), "torch/bin"))
# These look for comments in their own source when they are imported.
READ_AS_TEXT = ("_export.", "_functorch.", "compiler.", "distributed.", "fx.experimental._", "utils.serialization.")
module_collection_mode = {f"torch.{name}config": "pyz+py" for name in READ_AS_TEXT}
bindepend_symlink_suppression = ["**/torch/lib/*.so*"]  # torch finds its libraries beside each other
