"""Timing of one delivery, and the folder it happens in."""

import contextlib
import fcntl
import pathlib
import shutil
import tempfile
from dataclasses import dataclass

_FOLDER_PREFIX = "shoal-bench-"


def sweep(parent):
    """Removes what killed benchmarks left in `parent`."""
    for folder in pathlib.Path(parent).glob(f"{_FOLDER_PREFIX}*"):
        with contextlib.suppress(OSError):
            with open(folder / "lock") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def work_folder(parent):
    """A folder of this process's own, deleted at the end, or by the next one that uses `parent`."""
    pathlib.Path(parent).mkdir(parents=True, exist_ok=True)
    sweep(parent)
    folder = pathlib.Path(tempfile.mkdtemp(prefix=_FOLDER_PREFIX, dir=parent))
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Timing:
    """`seconds`: host -> from the start until it has everything; `cpu_seconds`: program -> used."""

    seconds: dict
    cpu_seconds: dict
    reading_before: object
    reading_after: object


def timed(rival, delivery, limit_seconds, read=lambda: None):
    """Prepares, opens the gate, waits for all hosts. `read` is called right before and after."""
    gate = rival.new_gate()
    try:
        rival.prepare(delivery, gate)
        gate.wait_until_ready(rival.processes)
        before, cpu_before = read(), rival.processes.cpu_seconds()
        start_ns = gate.open()
        names = [host.name for host in rival.scene.hosts]
        seconds = rival.processes.wait_done(names, rival.done_folder, start_ns, limit_seconds)
        cpu_after, after = rival.processes.cpu_seconds(), read()
    finally:
        gate.close()
        shutil.rmtree(gate.folder, ignore_errors=True)
    used = {name: cpu_after[name] - cpu_before[name] for name in cpu_after}
    return Timing(seconds, used, before, after)
