"""The family of images: what each is made of. Only definitions, nothing is done here.

Two kinds, because chunking treats them differently: an *independent* image is installed from
packages into an empty disk, so nothing of it lies where it lies in its relatives; a *derived* image
is a copy of its parent, changed in place, as an administrator would.
"""

from dataclasses import dataclass

DISK_BYTES = 3 << 30

# Every file time is at most this (2025-01-01), so that the day of the build leaves no trace.
EPOCH = 1735689600

COMMON_PACKAGES = (
    "systemd-sysv",
    "udev",
    "dbus",
    "initramfs-tools",
    "linux-image-cloud-{arch}",
    "ifupdown",
    "isc-dhcp-client",
    "iproute2",
    "iputils-ping",
    "netbase",
    "ca-certificates",
    "less",
    "procps",
)


@dataclass(frozen=True)
class Image:
    """One image. `parent` set means derived from it in place."""

    name: str
    purpose: str
    suite: str = "bookworm"
    upgrades: bool = False  # also SUITE-updates and SUITE-security
    packages: tuple = ()  # beyond COMMON_PACKAGES, or added to the parent
    app_mib: float = 0.0  # incompressible application files, a function of the seed only
    app_seed: str = ""
    parent: str = ""

    @property
    def kind(self):
        return "derived" if self.parent else "independent"


_V2_PACKAGES = ("curl", "rsync", "logrotate")

FAMILY = {
    image.name: image
    for image in (
        Image("base", "minimal system: systemd, cloud kernel, network"),
        Image("web", "base's packages and nginx, made independently", packages=("nginx",)),
        Image("db", "base's packages and PostgreSQL, made independently", packages=("postgresql",)),
        Image(
            "d-web", "base, then apt-get install nginx in place", packages=("nginx",), parent="base"
        ),
        Image(
            "d-db",
            "base, then apt-get install postgresql in place",
            packages=("postgresql",),
            parent="base",
        ),
        Image(
            "web-v2",
            "web with security updates, more packages, application files; independent",
            upgrades=True,
            packages=("nginx",) + _V2_PACKAGES,
            app_mib=12.5,
            app_seed="app-2",
        ),
        Image(
            "d-web-v11",
            "d-web with a small change: configuration and application files",
            app_mib=12.5,
            app_seed="app-1.1",
            parent="d-web",
        ),
        Image(
            "d-web-v2",
            "d-web after dist-upgrade, more packages, application files",
            upgrades=True,
            packages=_V2_PACKAGES,
            app_mib=12.5,
            app_seed="app-2",
            parent="d-web",
        ),
        Image("trixie", "another Debian release in base's role", suite="trixie"),
    )
}

SETS = {
    "small": ("base", "web", "d-web"),
    "full": tuple(FAMILY),
}


def with_parents(names):
    """The names and all their ancestors, parents first, each once, otherwise in the order given."""
    ordered = []

    def add(name):
        if FAMILY[name].parent:
            add(FAMILY[name].parent)
        if name not in ordered:
            ordered.append(name)

    for name in names:
        add(name)
    return ordered
