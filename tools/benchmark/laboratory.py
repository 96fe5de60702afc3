"""The lab (tools/lab) as the benchmark sees it: hosts to run on, links that count."""

import json
import os
import pathlib
import subprocess
import sys
from dataclasses import dataclass

from benchmark.fault import Fault

_LAB = [sys.executable, str(pathlib.Path(__file__).resolve().parents[1] / "lab" / "lab")]


@dataclass(frozen=True)
class Host:
    """`place` is site/cluster/rack/name, which is also its link's name."""

    name: str
    place: str
    address: str
    namespace: str

    @property
    def rack(self):
        return self.place.rpartition("/")[0]

    @property
    def cluster(self):
        return self.rack.rpartition("/")[0]

    @property
    def prefix(self):
        """Put before a command to run it on this host; it becomes the command."""
        return ("nsenter", f"--net=/run/netns/{self.namespace}", "--")


def _lab(*arguments):
    done = subprocess.run([*_LAB, *arguments], capture_output=True, text=True)
    if done.returncode:
        raise Fault(f"lab {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout


def write_topology(path, name, options):
    """One server and `hosts` hosts; the server stands in the first rack."""
    rates = {key: f"{options[key]:g}" for key in ("rate", "rack_rate", "cluster_rate")}
    text = _lab(
        "generate",
        *("--name", name, "--hosts", str(options["hosts"] + 1)),
        *("--racks", str(options["racks"]), "--clusters", str(options["clusters"])),
        *("--rate", rates["rate"], "--rack-rate", rates["rack_rate"]),
        *("--cluster-rate", rates["cluster_rate"]),
    )
    pathlib.Path(path).write_text(text)


def run_inside(topology, command):
    """Starts `lab run`: lab up, the command, lab down, whatever gets killed."""
    return subprocess.Popen([*_LAB, "run", str(topology), "--", *map(str, command)])


class Laboratory:
    """The lab that this process runs in ($SHOAL_LAB)."""

    def __init__(self):
        status = json.loads(_lab("status", "-o", "json", "-n", os.environ["SHOAL_LAB"]))
        hosts = [
            Host(row["host"], row["place"], row["address"], row["namespace"])
            for row in status["hosts"]
        ]
        self.server = next(host for host in hosts if host.name == "server")
        self.hosts = [host for host in hosts if host is not self.server]

    @property
    def all_hosts(self):
        return [self.server, *self.hosts]

    def counters(self):
        """link -> {up_bytes, down_bytes, ...} since the lab was made; up: to the core."""
        report = json.loads(_lab("bytes", "--total", "-o", "json"))
        return {row["link"]: row for row in report["links"]}


def traffic(before, after, server, hosts):
    """What went over the links between two readings, in bytes as on the wire."""

    def moved(link, way):
        return after[link][way] - before[link][way]

    def most(domains, way):
        """Of the domain with the most; nothing where there is no border."""
        return max(moved(domain, way) for domain in domains) if len(domains) > 1 else None

    machines = [server, *hosts]
    racks = {host.rack for host in machines}
    clusters = {host.cluster for host in machines}
    return {
        "server_bytes": moved(server.place, "up_bytes"),
        "rack_border_bytes": most(racks, "down_bytes"),
        "rack_border_out_bytes": most(racks, "up_bytes"),
        "cluster_border_bytes": most(clusters, "down_bytes"),
        "cluster_border_out_bytes": most(clusters, "up_bytes"),
        "bytes_per_host": sum(moved(host.place, "down_bytes") for host in hosts) // len(hosts),
        "links": {
            link: {"in_bytes": moved(link, "down_bytes"), "out_bytes": moved(link, "up_bytes")}
            for link in sorted({host.place for host in machines} | racks | clusters)
        },
    }
