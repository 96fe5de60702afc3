"""Disks: an ext4 file system made from a folder, or a copy of a disk changed in place."""

import contextlib
import os
import re

import content
import family
from shell import Fault, run, say

# The largest tree (db, 0.7 GiB) and the packages while they are unpacked.
MEMORY_NEEDED_BYTES = 2 << 30


@contextlib.contextmanager
def scratch_tree(path, log):
    """An empty folder, gone afterwards; in memory where that suffices. tmpfs lists files in an
    order that does not depend on the machine, and mkfs.ext4 -d takes that order."""
    os.makedirs(path, exist_ok=True)
    if _memory_available_bytes() < MEMORY_NEEDED_BYTES:
        say(
            f"less than {MEMORY_NEEDED_BYTES >> 20} MiB of memory is free: working on disk, "
            "so the image will be as good but not the same bytes as elsewhere"
        )
        where = "--bind", path
    else:
        where = "-t", "tmpfs", "-o", f"size={family.DISK_BYTES},mode=755,noatime", "shoal-image"
    run("mount", *where, path, log=log, what=f"mount {path}")
    try:
        yield path
    finally:
        run("umount", "-R", path, log=log)
        # Should something still be mounted inside, /dev say, it stays untouched.
        run("rm", "-rf", "--one-file-system", path, log=log)


def _memory_available_bytes():
    with open("/proc/meminfo") as stream:
        return 1024 * int(re.search(r"^MemAvailable:\s+(\d+)", stream.read(), re.M).group(1))


def make_ext4(image, tree, target, log):
    """Writes the folder `tree` as a raw ext4 disk, the same bytes for the same tree."""
    clock = {"E2FSPROGS_FAKE_TIME": str(family.EPOCH)}
    loose = f"{target}.loose"
    with open(loose, "wb") as stream:
        stream.truncate(family.DISK_BYTES)
    # lazy_itable_init=1 would make the guest write 45 MiB of zeros at its first boot.
    run(
        "mkfs.ext4",
        "-q",
        "-b",
        "4096",
        "-U",
        content.identity(image.name, "disk"),
        "-d",
        tree,
        "-E",
        f"hash_seed={content.identity(image.name, 'hash')},"
        "lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0",
        loose,
        log=log,
        env=clock,
        what="make the ext4 file system",
    )
    _fix_change_times(loose, clock, log)
    run("cp", "--sparse=always", loose, target, log=log)
    os.unlink(loose)


def _fix_change_times(path, clock, log):
    """mkfs.ext4 -d copies each file's ctime, which no program can set: set it in the image."""
    layout = run("dumpe2fs", path, what="read the file system's layout")
    total = int(re.search(r"^Inode count:\s+(\d+)", layout, re.M).group(1))
    free = set()
    for ranges in re.findall(r"^  Free inodes:(.*)$", layout, re.M):
        for part in filter(None, ranges.replace(" ", "").split(",")):
            first, _, last = part.partition("-")
            free.update(range(int(first), int(last or first) + 1))
    used = [number for number in range(11, total + 1) if number not in free]
    script = "".join(
        f"set_inode_field <{number}> {field} @{family.EPOCH}\n"
        for number in [2] + used
        for field in ("ctime", "crtime")
    )
    run("debugfs", "-w", "-f", "-", path, stdin=script, env=clock, what="set the change times")


@contextlib.contextmanager
def mounted(path, folder, log):
    """The disk's files at `folder`, writable. Trimmed at the end: freed blocks become holes."""
    if not os.path.exists("/dev/loop-control"):
        raise Fault(
            "this kernel has no loop devices (/dev/loop-control): derived images need them; "
            "independent ones (base, web, db, web-v2, trixie) do not"
        )
    os.makedirs(folder, exist_ok=True)
    run("mount", "-o", "loop,noatime", path, folder, log=log, what=f"mount {path} by a loop device")
    try:
        yield folder
        # Blocks freed by an uncommitted transaction are not free yet, and would not be trimmed.
        run("sync", "-f", folder, log=log)
        run("fstrim", folder, log=log, what="trim the disk")
    finally:
        run("umount", "-R", folder, log=log)
        os.rmdir(folder)


def sparse_copy(source, target, log):
    run("cp", "--sparse=always", source, target, log=log, what=f"copy {source}")


def data_bytes(path):
    """Bytes of the 4 KiB blocks that are not all zero: what an image really holds."""
    zero = bytes(4096)
    total = position = 0
    size = os.path.getsize(path)
    with open(path, "rb", buffering=0) as stream:
        while position < size:
            try:
                position = os.lseek(stream.fileno(), position, os.SEEK_DATA) & ~4095
            except OSError:
                break  # only a hole is left
            stop = os.lseek(stream.fileno(), position, os.SEEK_HOLE)
            while position < stop:
                piece = os.pread(stream.fileno(), 1 << 20, position)
                total += sum(
                    4096 for at in range(0, len(piece), 4096) if piece[at : at + 4096] != zero
                )
                position += len(piece)
    return total
