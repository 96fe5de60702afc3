"""What every rival does: prepare (not timed), run from the gate on, be checked (not timed)."""

import os
import pathlib
import shutil
import sys
from dataclasses import dataclass, field

from benchmark.images import sha256_of
from benchmark.processes import Gate, Processes

WORKERS = pathlib.Path(__file__).resolve().parent / "workers"
PYTHON = (sys.executable, "-B", "-S", "-E")


@dataclass
class Delivery:
    """One image to be got everywhere. `phase`: first, or second (after the first is everywhere)."""

    phase: str
    form: str
    image: object
    name: str


@dataclass
class Scene:
    """Where it happens. `folder` is this rival's alone and deleted afterwards."""

    server: object
    hosts: list
    folder: pathlib.Path
    options: dict = field(default_factory=dict)


class Rival:
    """One way of delivery. Use as a context manager; its programs end with it."""

    name = ""
    programs = ()
    # Delivers the second image into what the first left; others start anew.
    remembers = False

    def __init__(self, scene):
        self.scene = scene
        self.processes = Processes(scene.folder / "logs")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.processes.stop()

    def prepare(self, delivery, gate):
        """Starts servers, and one program a host, held by the gate."""
        raise NotImplementedError

    @property
    def done_folder(self):
        """Where a file named like the host says that it has everything; None: its program ends."""
        return None

    def check(self, delivery):
        """@returns (whether what arrived is what was sent, extra fields of the result)."""
        sent = delivery.image.digest(delivery.image.shipped(delivery.form))
        received = [sha256_of(self.received(host, delivery)) for host in self.scene.hosts]
        return all(digest == sent for digest in received), {}

    def received(self, host, delivery):
        return self.directory(host) / self.shipped(delivery).name

    def shipped(self, delivery):
        return delivery.image.shipped(delivery.form)

    def directory(self, host):
        """Where this host keeps its files."""
        path = self.scene.folder / host.name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def offer(self, delivery):
        """Puts the shipped file where the server program expects it, warm in the page cache."""
        source = self.shipped(delivery)
        target = self.directory(self.scene.server) / source.name
        try:
            os.link(source, target)
        except OSError:  # another file system
            shutil.copyfile(source, target)
        sha256_of(target)
        return target

    def new_gate(self):
        return Gate(self.scene.folder / "ready", self.scene.options.get("spread") or 0)
