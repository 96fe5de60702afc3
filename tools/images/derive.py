"""A derived image: its parent's disk, changed in place by the disk's own apt."""

import contextlib
import os

import content
import debian
import disk
from shell import run

_BUILD_FILES = ("usr/sbin/policy-rc.d", "etc/apt/apt.conf.d/99-image-build", "etc/resolv.conf")


@contextlib.contextmanager
def _chroot_ready(root, image, log):
    """/proc, /dev, name service and apt's settings inside, and no service gets started."""
    for kind, where in (("proc", "proc"), ("sysfs", "sys")):
        run("mount", "-t", kind, kind, f"{root}/{where}", log=log)
    run("mount", "--bind", "/dev", f"{root}/dev", log=log)
    with open(f"{root}/usr/sbin/policy-rc.d", "w") as stream:
        stream.write("#!/bin/sh\nexit 101\n")
    os.chmod(f"{root}/usr/sbin/policy-rc.d", 0o755)
    with open(f"{root}/etc/apt/apt.conf.d/99-image-build", "w") as stream:
        stream.write("\n".join(debian.acquire_options()) + '\nAPT::Install-Recommends "false";\n')
    with open("/etc/resolv.conf") as source, open(f"{root}/etc/resolv.conf", "w") as target:
        target.write(source.read())
    with open(f"{root}/etc/apt/sources.list", "w") as stream:
        stream.write("\n".join(debian.sources_of(image)) + "\n")
    try:
        yield
    finally:
        for name in _BUILD_FILES:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{root}/{name}")
        for where in ("dev", "sys", "proc"):
            run("umount", "-l", f"{root}/{where}", log=log)


def change(image, root, log):
    """Applies what the definition says to the mounted disk at `root`."""
    if image.packages or image.upgrades:
        with _chroot_ready(root, image, log):
            apt = ("chroot", root, "apt-get", "-qy", "-o", "Dpkg::Options::=--force-confold")
            run(*apt, "update", log=log, what=f"update package lists in {image.name}")
            if image.upgrades:
                run(*apt, "dist-upgrade", log=log, what=f"upgrade {image.name}")
            if image.packages:
                run(
                    *apt,
                    "install",
                    *image.packages,
                    log=log,
                    what=f"install {' '.join(image.packages)} in {image.name}",
                )
    content.clean(root)
    content.add_application(root, image)


def derive(image, parent_disk, target, log):
    """Leaves the changed copy of `parent_disk` at `target`; returns its packages."""
    disk.sparse_copy(parent_disk, target, log)
    with disk.mounted(target, f"{target}.root", log) as root:
        change(image, root, log)
        return debian.packages_in(root)
