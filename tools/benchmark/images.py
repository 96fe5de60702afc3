"""The forms of an image that the rivals ship, made once and cached.

raw         what a user has: the disk as it is
packed      the raw disk without its all-zero 4 KiB blocks, one after the other. No rival works like
            that on its own; a sparse 3 GiB disk with 375 MiB of data would otherwise take eight
            times as long, so this is generous to the rivals
compressed  `qemu-img convert -c -O qcow2 -o compression_type=zstd`
"""

import hashlib
import json
import os
import pathlib
import subprocess

from benchmark.fault import USAGE, Fault, require, say

BLOCK_BYTES = 4096
_READ_BYTES = 8 << 20


def default_cache():
    return pathlib.Path("/var/cache/shoal-bench" if os.geteuid() == 0 else "~/.cache/shoal-bench")


def _data_extents(stream):
    """(begin, end) of what is not a hole."""
    end, total = 0, os.fstat(stream.fileno()).st_size
    while end < total:
        try:
            begin = os.lseek(stream.fileno(), end, os.SEEK_DATA)
        except OSError:  # ENXIO: only a hole is left
            return
        end = os.lseek(stream.fileno(), begin, os.SEEK_HOLE)
        yield begin, end


def _data_runs(stream):
    """The bytes of the all-data runs of a disk, in whole blocks except at its end."""
    zeros = bytes(_READ_BYTES)
    for begin, end in _data_extents(stream):
        begin -= begin % BLOCK_BYTES
        stream.seek(begin)
        while begin < end:
            part = stream.read(min(_READ_BYTES, end - begin))
            if not part:
                break
            begin += len(part)
            if part == zeros[: len(part)]:
                continue
            view = memoryview(part)
            for offset in range(0, len(part), BLOCK_BYTES):
                block = view[offset : offset + BLOCK_BYTES]
                if block != zeros[: len(block)]:
                    yield block


def sha256_of(path):
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(1 << 20))
    with open(path, "rb", buffering=0) as stream:
        while count := stream.readinto(buffer):
            digest.update(buffer[:count])
    return digest.hexdigest()


class Image:
    """One disk image and its forms in the cache."""

    def __init__(self, path, cache, full_raw=False):
        self.path = pathlib.Path(path).resolve()
        self.full_raw = full_raw
        try:
            info = self.path.stat()
        except OSError as error:
            raise Fault(f"cannot read the image {path}: {error.strerror}", USAGE) from None
        if not info.st_size:
            raise Fault(f"the image {path} is empty", USAGE)
        stamp = f"{self.path}|{info.st_size}|{info.st_mtime_ns}"
        key = hashlib.sha256(stamp.encode()).hexdigest()[:12]
        self.name = self.path.stem
        self._prefix = pathlib.Path(cache).expanduser() / f"{self.name}-{key}"
        self._digests = {}
        self._raw = None

    def _cached(self, suffix, make):
        path = pathlib.Path(f"{self._prefix}{suffix}")
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f"{path.name}.{os.getpid()}.part")
            try:
                make(part)
                os.replace(part, path)
            finally:
                part.unlink(missing_ok=True)
        return path

    def _qemu_img(self, *command):
        require("qemu-img")
        done = subprocess.run(["qemu-img", *map(str, command)], capture_output=True, text=True)
        if done.returncode:
            raise Fault(f"qemu-img {command[0]} {self.path} failed: {done.stderr.strip()}")
        return done.stdout

    @property
    def raw(self):
        """The disk as a raw file; the image itself where it is raw."""
        if self._raw is None:
            kind = json.loads(self._qemu_img("info", "--output=json", self.path))["format"]
            self._raw = self.path
            if kind != "raw":
                self._raw = self._cached(".raw", self._make_raw)
        return self._raw

    def _make_raw(self, part):
        say(f"{self.name}: making a raw disk")
        self._qemu_img("convert", "-O", "raw", self.path, part)

    @property
    def packed(self):
        def make(part):
            say(f"{self.name}: packing the data of the raw image")
            with open(self.raw, "rb") as source, open(part, "wb", _READ_BYTES) as target:
                for block in _data_runs(source):
                    target.write(block)

        return self._cached(".packed", make)

    @property
    def compressed(self):
        def make(part):
            say(f"{self.name}: compressing to qcow2 (zstd)")
            options = ("-c", "-O", "qcow2", "-o", "compression_type=zstd")
            self._qemu_img("convert", "-f", "raw", *options, self.raw, part)

        return self._cached(".zstd.qcow2", make)

    def shipped(self, form):
        """The file a rival ships."""
        if form == "compressed":
            return self.compressed
        return self.raw if self.full_raw else self.packed

    def published(self, form):
        """The file Shoal publishes."""
        return self.compressed if form == "compressed" else self.raw

    @property
    def data_bytes(self):
        """Bytes of the disk without its all-zero blocks."""
        return self.packed.stat().st_size

    def digest(self, path):
        if path not in self._digests:
            self._digests[path] = sha256_of(path)
        return self._digests[path]
