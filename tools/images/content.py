"""What an image contains beyond its packages: names, network, accounts, application files."""

import os
import random
import shutil
import uuid

import family

# Written by installing packages, different every time, of no use in an image.
_VOLATILE_FILES = (
    "etc/machine-id",
    "var/lib/dbus/machine-id",
    "var/cache/ldconfig/aux-cache",
    "etc/resolv.conf",
    "etc/hostname",
    "var/lib/systemd/random-seed",
)
_VOLATILE_FOLDERS = ("var/log", "var/cache/apt", "var/lib/apt/lists", "tmp", "var/tmp", "run")


def identity(name, part):
    """A UUID that is a function of the image's name."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"shoal-image:{name}:{part}"))


def _write(tree, path, text):
    full = os.path.join(tree, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w") as stream:
        stream.write(text)


def clean(tree):
    """Removes what installing left behind; log folders stay, their files go."""
    for path in _VOLATILE_FILES:
        if os.path.lexists(f"{tree}/{path}"):
            os.unlink(f"{tree}/{path}")
    for top in _VOLATILE_FOLDERS:
        for folder, _, files in os.walk(f"{tree}/{top}"):
            for name in files:
                os.unlink(os.path.join(folder, name))
    _write(tree, "etc/machine-id", "")  # empty: systemd makes one at first boot


def make_bootable(tree, image):
    """A passwordless root on the serial console and DHCP: an image for laboratories only."""
    _write(tree, "etc/hostname", f"{image.name}\n")
    _write(tree, "etc/hosts", f"127.0.0.1 localhost\n127.0.1.1 {image.name}\n")
    _write(tree, "etc/fstab", f"UUID={identity(image.name, 'disk')} / ext4 errors=remount-ro 0 1\n")
    _write(
        tree,
        "etc/network/interfaces",
        "auto lo\niface lo inet loopback\nallow-hotplug eth0\niface eth0 inet dhcp\n",
    )
    wanted = f"{tree}/etc/systemd/system/getty.target.wants"
    os.makedirs(wanted, exist_ok=True)
    if not os.path.lexists(f"{wanted}/serial-getty@ttyS0.service"):
        os.symlink(
            "/lib/systemd/system/serial-getty@.service", f"{wanted}/serial-getty@ttyS0.service"
        )
    shadow = f"{tree}/etc/shadow"
    with open(shadow) as stream:
        lines = stream.read().splitlines()
    lines = [
        "root::" + line.split(":", 2)[2] if line.startswith("root:") else line for line in lines
    ]
    with open(shadow, "w") as stream:
        stream.write("\n".join(lines) + "\n")


def add_application(tree, image):
    """Configuration and random files: the same bytes on every machine, from the seed alone."""
    if not image.app_mib:
        return
    _write(tree, "etc/app.conf", "".join(f"option{n} = {image.app_seed}-{n}\n" for n in range(200)))
    generator = random.Random(image.app_seed)
    folder = f"{tree}/srv/app"
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    left = int(image.app_mib * (1 << 20))
    number = 0
    while left:
        size = min(left, generator.randrange(4 << 10, 512 << 10))
        with open(f"{folder}/{number:04}.bin", "wb") as stream:
            stream.write(generator.randbytes(size))
        left -= size
        number += 1


def clamp_times(tree):
    """No file is younger than the epoch; access times equal modification times."""
    for folder, folders, files in os.walk(tree, topdown=False):
        for name in files + folders:
            path = os.path.join(folder, name)
            stamp = min(int(os.lstat(path).st_mtime), family.EPOCH)
            os.utime(path, (stamp, stamp), follow_symlinks=False)
    os.utime(tree, (family.EPOCH, family.EPOCH))
