"""Debian packages: the machine's own sources, what they offer, and a system installed from them."""

import os
import re
import shutil
import tempfile

import family
from shell import Fault, run, say

NEEDED = {  # program: the package that has it
    "mmdebstrap": "mmdebstrap",
    "mkfs.ext4": "e2fsprogs",
    "debugfs": "e2fsprogs",
    "dumpe2fs": "e2fsprogs",
    "mount": "mount",
    "fstrim": "util-linux",
    "chroot": "coreutils",
    "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
}
KEYRINGS = "/usr/share/keyrings"


def install_needed():
    """Installs what this machine lacks of NEEDED, by its own apt."""
    missing = sorted(
        {
            package
            for program, package in NEEDED.items()
            if not (os.path.exists(program) if program[0] == "/" else shutil.which(program))
        }
    )
    if not missing:
        return
    say(f"installing {' '.join(missing)}")
    run("apt-get", "-q", "update", what="update the package lists (apt-get update)")
    run(
        "apt-get",
        "-qy",
        "--no-install-recommends",
        "install",
        *missing,
        what=f"install {' '.join(missing)}",
    )


def _configured_sources():
    """(URI, suite) of every binary source apt is configured with; apt parses its own files."""
    text = run(
        "apt-get",
        "indextargets",
        "--no-release-info",
        "--format",
        "$(REPO_URI) $(RELEASE) $(COMPONENT)",
        "Created-By: Packages",
        what="read the apt sources",
    )
    rows = {
        tuple(line.split()[:2])
        for line in text.splitlines()
        if len(line.split()) == 3 and line.split()[2] == "main"
    }
    return sorted(rows)


def sources_of(image):
    """The `deb` lines for an image, on the servers that this machine itself uses."""
    configured = _configured_sources()
    host_suite = "bookworm"
    main = [uri for uri, suite in configured if suite == host_suite]
    security = [uri for uri, suite in configured if suite == f"{host_suite}-security"]
    if not main:
        raise Fault(
            f"apt on this machine has no source for {host_suite} main: "
            "add one to /etc/apt/sources.list.d"
        )
    wanted = [(main[0], image.suite)]
    if image.upgrades:
        if not security:
            raise Fault(
                f"apt on this machine has no source for {host_suite}-security, which {image.name} "
                "needs: add one to /etc/apt/sources.list.d"
            )
        wanted += [(main[0], f"{image.suite}-updates"), (security[0], f"{image.suite}-security")]
    for uri, suite in wanted:
        _must_exist(uri, suite)
    return [f"deb {uri} {suite} main" for uri, suite in wanted]


_seen = set()


def _must_exist(uri, suite):
    if (uri, suite) in _seen:
        return
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        try:
            run(
                "/usr/lib/apt/apt-helper",
                "download-file",
                f"{uri.rstrip('/')}/dists/{suite}/InRelease",
                f"{folder}/InRelease",
                what="download",
            )
        except Fault as fault:
            raise Fault(
                f"the distribution {suite} cannot be had from this machine's Debian source:\n"
                f"{fault}"
            ) from None
    _seen.add((uri, suite))


def acquire_options():
    """How this machine's apt downloads (proxies, date checks), as lines for another apt.conf."""
    kept = re.compile(r'^Acquire::(.*Proxy.*|Check-Valid-Until|Check-Date|Retries) ".+";$')
    return [line for line in run("apt-config", "dump").splitlines() if kept.match(line)]


def architecture():
    return run("dpkg", "--print-architecture").strip()


def install_system(image, tree, log):
    """Installs an independent image's packages into the empty folder `tree`."""
    arch = architecture()
    packages = [name.format(arch=arch) for name in family.COMMON_PACKAGES + image.packages]
    options = [f"--aptopt={line}" for line in acquire_options()]
    run(
        "mmdebstrap",
        "--quiet",
        "--mode=root",
        "--format=directory",
        "--variant=minbase",
        f"--architectures={arch}",
        f"--keyring={KEYRINGS}",
        *options,
        "--skip=check/empty",
        f"--include={','.join(packages)}",
        image.suite,
        tree,
        *sources_of(image),
        log=log,
        env={"SOURCE_DATE_EPOCH": str(family.EPOCH)},
        what=f"install {image.suite} for {image.name}",
    )


def packages_in(tree):
    """name -> version of every package installed below `tree`."""
    versions = {}
    name = installed = None
    with open(f"{tree}/var/lib/dpkg/status", encoding="utf-8") as status:
        for line in status:
            key, _, value = line.rstrip("\n").partition(": ")
            if key == "Package":
                name, installed = value, False
            elif key == "Status":
                installed = value.endswith(" installed")
            elif key == "Version" and installed:
                versions[name] = value
    return dict(sorted(versions.items()))
