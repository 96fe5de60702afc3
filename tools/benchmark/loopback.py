"""Hosts that are addresses of this machine's loopback, without any lab."""

import os
from dataclasses import dataclass

from benchmark.rivals import shoal as shoal_rival
from swarm import Swarm


@dataclass(frozen=True)
class LoopbackHost:
    """Looks like laboratory.Host."""

    name: str
    address: str
    rack: str = "here/c1/r1"
    prefix: tuple = ()

    @property
    def place(self):
        return f"{self.rack}/{self.name}"


def hosts(names):
    """Each has an address that other users of this machine's loopback will hardly have."""
    number = os.getpid()
    network = f"127.{10 + number // 200 % 200}.{1 + number % 200}"
    return [LoopbackHost(name, f"{network}.{1 + index}") for index, name in enumerate(names)]


def swarm_of(names, folder, programs):
    """A swarm that is not started; the first of `names` is the general index server."""
    nodes = [shoal_rival.node_on(h, folder / h.name, programs) for h in hosts(names)]
    return Swarm(folder, programs, nodes)
