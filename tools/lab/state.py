"""What is remembered of a lab between commands: /run/shoal-lab/NAME.json, written first of all.

The network is the truth: a lab is taken away by what the kernel has, never by what this file says.
"""

import contextlib
import fcntl
import json
import os
import secrets

import network
import topology
from shell import BUSY, NOT_FOUND, USAGE, Fault

FOLDER = "/run/shoal-lab"


def _path(lab, suffix):
    return f"{FOLDER}/{lab}.{suffix}"


def _write(path, value):
    with open(f"{path}.part", "w") as stream:
        json.dump(value, stream)
    os.replace(f"{path}.part", path)


def _read(path):
    try:
        with open(path) as stream:
            return json.load(stream)
    except (FileNotFoundError, ValueError):
        return None


@contextlib.contextmanager
def locked(shared=False):
    """One command at a time makes or removes labs, and none (`shared`) enters one meanwhile; a
    killed command lets go by dying."""
    os.makedirs(FOLDER, exist_ok=True)
    with open(f"{FOLDER}/lock", "w") as stream:
        fcntl.flock(stream, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield


def process_start(pid):
    """The process's start time in clock ticks since boot: with the pid, a name never used twice."""
    try:
        with open(f"/proc/{pid}/stat") as stream:
            return int(stream.read().rpartition(")")[2].split()[19])
    except (OSError, IndexError):
        return None


def begin(lab, toml_text, owner):
    """Notes that the lab is being made, for process `owner` or nobody. Returns its token."""
    token = secrets.token_hex(8)
    _write(
        _path(lab, "json"),
        {
            "lab": lab,
            "token": token,
            "ready": False,
            "topology": toml_text,
            "owner": owner,
            "owner_start": process_start(owner) if owner else None,
        },
    )
    return token


def finish(lab):
    _write(_path(lab, "json"), {**_read(_path(lab, "json")), "ready": True})


def token_of(lab):
    record = _read(_path(lab, "json"))
    return record and record.get("token")


def owner_of(lab):
    """The living process the lab was made for, or None."""
    record = _read(_path(lab, "json"))
    owner = record and record.get("owner")
    if owner and process_start(owner) == record.get("owner_start"):
        return owner
    return None


def refuse_if_owned(lab):
    owner = owner_of(lab)
    if owner:
        raise Fault(f"the lab {lab} is in use by process {owner}; `lab down {lab}` ends it", BUSY)


def forget(lab):
    for suffix in ("json", "baseline.json"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(_path(lab, suffix))


def known_labs():
    """Labs that have a record or namespaces, whole or not."""
    with contextlib.suppress(FileNotFoundError):
        recorded = {n[:-5] for n in os.listdir(FOLDER) if n.endswith(".json") and n.count(".") == 1}
        return sorted(recorded | set(network.labs_in_kernel()))
    return network.labs_in_kernel()


def is_ready(lab):
    record = _read(_path(lab, "json"))
    return bool(record and record["ready"])


def choose(lab):
    """The lab a command means: the one named, else $SHOAL_LAB, else the only one."""
    lab = lab or os.environ.get("SHOAL_LAB")
    if lab:
        return topology.check_lab_name(lab)
    labs = known_labs()
    if not labs:
        raise Fault("no lab is up: `lab up FILE` makes one", NOT_FOUND)
    if len(labs) > 1:
        raise Fault(f"several labs are up ({', '.join(labs)}): say which by --name", USAGE)
    return labs[0]


def load(lab):
    """The topology of a lab that is up."""
    record = _read(_path(lab, "json"))
    if not record:
        raise Fault(f"no lab {lab} is up", NOT_FOUND)
    if not record["ready"]:
        raise Fault(f"the lab {lab} was never finished: `lab down {lab}` removes it")
    parsed = topology.parse(record["topology"])
    parsed.name = lab
    return parsed


def baseline(lab):
    return _read(_path(lab, "baseline.json")) or {}


def set_baseline(lab, counters):
    _write(_path(lab, "baseline.json"), counters)
