"""Faults as sentences with an exit code; progress goes to stderr."""

import shutil
import sys
import time

FAILED, USAGE, PARTIAL, PERMISSION = 1, 2, 3, 9

_started = time.monotonic()
_quiet = False


class Fault(Exception):
    """Something the user can act on; its text is the whole message."""

    def __init__(self, text, code=FAILED):
        super().__init__(text)
        self.code = code


def be_quiet():
    global _quiet
    _quiet = True


def say(text):
    if not _quiet:
        print(f"[{time.monotonic() - _started:6.1f} s] {text}", file=sys.stderr, flush=True)


_PACKAGES = {
    "nginx": "nginx-light",
    "curl": "curl",
    "aria2c": "aria2",
    "opentracker": "opentracker",
    "qemu-img": "qemu-utils",
    "zstd": "zstd",
    "openssl": "openssl",
    "nsenter": "util-linux",
    "cmp": "diffutils",
}


def require(*programs):
    """@raises Fault that names the package to install."""
    for program in programs:
        if not shutil.which(program):
            raise Fault(f"{program} is missing: apt-get install {_PACKAGES[program]}")


def require_libtorrent():
    try:
        import libtorrent  # noqa: F401
    except ImportError:
        raise Fault(
            "python3-libtorrent is missing: apt-get install python3-libtorrent "
            f"(running {sys.executable})"
        ) from None
