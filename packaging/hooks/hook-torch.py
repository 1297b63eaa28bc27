"""How PyInstaller takes PyTorch in: the modules that are imported and their libraries, not the whole folder.

The hook that PyInstaller brings takes every module and data file of torch, which is 300 MB of headers, tests,
compilers and tools that no model needs.
"""

from PyInstaller.utils.hooks import PY_DYLIB_PATTERNS, collect_dynamic_libs

NOT_NEEDED = ("test", "libshm_windows", "aoti_custom_ops", "backend_with_compiler", "jitbackend")

warn_on_missing_hiddenimports = False
binaries = [
    (source, folder)
    for source, folder in collect_dynamic_libs("torch", search_patterns=[*PY_DYLIB_PATTERNS, "*.so.*"])
    if not any(word in source.rpartition("torch")[2] for word in NOT_NEEDED)
]
bindepend_symlink_suppression = ["**/torch/lib/*.so*"]  # torch finds its libraries beside each other
