"""Shoal: a shoald on the server (also the general index server) and on every host."""

import json
import pathlib
import subprocess

from benchmark.fault import Fault
from benchmark.rivals.base import Rival
from swarm import Node, ShoalError, Swarm

_VERSION = "1"
_BINARIES = pathlib.Path(__file__).resolve().parents[3] / "build" / "release" / "bin"


def binaries(folder=None):
    """The folder of shoald and shoal. @raises Fault when they are not built."""
    folder = pathlib.Path(folder or _BINARIES)
    for program in ("shoald", "shoal"):
        if not (folder / program).exists():
            raise Fault(f"there is no {folder / program}: run tools/build")
    return folder


def node_on(host, folder, programs, options=None):
    """A node in the lab's network; its place is the host's rack."""
    return Node(
        host.name, host.rack, host.address, folder, programs, prefix=host.prefix, options=options
    )


def publish(node, path, name, *options):
    """Publishes and answers the publish's JSON."""
    try:
        given = ("--name", name, "--version", _VERSION, *options)
        return node.shoal("publish", path, *given, timeout=3600)
    except ShoalError as error:
        raise Fault(f"publishing {path} failed: {error}") from None


def catalogue_entry(node, name):
    rows = node.shoal("images")
    return next(row for row in rows if row["image"] == f"{name}:{_VERSION}")


def same_disk(left, right):
    """Whether two raw files have the same bytes."""
    return subprocess.run(["cmp", "-s", str(left), str(right)]).returncode == 0


def start(swarm):
    try:
        swarm.start()
    except (ShoalError, OSError) as error:
        swarm.stop()
        raise Fault(f"the swarm did not start: {error}") from None


class Shoal(Rival):
    """Timed: `shoal get` on every host at once, until all of the image is in its store, every piece
    checked; with the option `export` until the raw disk is written as well."""

    name = "shoal"
    programs = ("cmp",)
    remembers = True

    def __init__(self, scene):
        super().__init__(scene)
        programs = binaries(scene.options.get("binaries"))
        self.nodes = {
            host.name: node_on(
                host, self.directory(host), programs, scene.options.get("node_options")
            )
            for host in [scene.server, *scene.hosts]
        }
        self.swarm = Swarm(scene.folder / "swarm", programs, list(self.nodes.values()))
        self.started = False
        self.published = None
        self.plan = None

    def stop(self):
        self.processes.stop()
        self.swarm.stop()

    def prepare(self, delivery, gate):
        if not self.started:
            start(self.swarm)
            self.started = True
            for name, node in self.nodes.items():
                self.processes.adopt(name, node.process.pid)
        self.processes.stop()
        image = f"{delivery.name}:{_VERSION}"
        server = self.nodes[self.scene.server.name]
        source = delivery.image.published(delivery.form)
        self.published = publish(server, source, delivery.name)
        self.plan = self.nodes[self.scene.hosts[0].name].shoal("plan", image)
        for host in self.scene.hosts:
            target = ("--to", self.exported(host)) if self.scene.options.get("export") else ()
            command = self.nodes[host.name].command(
                "-o", "json", "--no-progress", "get", image, *target
            )
            self.processes.start(host.name, command, gate)

    def exported(self, host):
        return self.directory(host) / "disk.raw"

    def check(self, delivery):
        answers = [self.answer(host) for host in self.scene.hosts]
        verified = all(answer["verified"] for answer in answers)
        host = self.scene.hosts[-1]
        if not self.scene.options.get("export"):
            image = f"{delivery.name}:{_VERSION}"
            self.nodes[host.name].shoal("get", image, "--to", self.exported(host), timeout=3600)
        verified = verified and same_disk(self.exported(host), delivery.image.raw)
        self.exported(host).unlink()
        elsewhere = [
            answer["own_rack"] + answer["own_site"] + answer["other_sites"] for answer in answers
        ]
        needed = self.plan["needed_bytes"] - self.plan["own_store"]
        return verified, {
            "pack_bytes": self.published["pack_bytes"],
            "publish_seconds": self.published["seconds"],
            "payload_bytes_per_host": sum(elsewhere) // len(elsewhere),
            "needed_bytes_per_host": needed,
            "rack_border_payload_bytes": self.most_into(answers, "rack"),
            "cluster_border_payload_bytes": self.most_into(answers, "cluster"),
        }

    def most_into(self, answers, level):
        """Payload that came into the domain of that level that most came into; None where there is
        but one."""
        everybody = [self.scene.server, *self.scene.hosts]
        domains = {host.name: getattr(host, level) for host in everybody}
        into = dict.fromkeys(domains.values(), 0)
        for host, answer in zip(self.scene.hosts, answers):
            own = domains[host.name]
            into[own] += sum(
                count
                for sender, count in answer["received_from"].items()
                if domains.get(sender) != own
            )
        return max(into.values()) if len(into) > 1 else None

    def answer(self, host):
        log = next(p.log for p in self.processes.programs if p.name == host.name)
        text = log.read_text(errors="replace")
        try:
            return json.loads(text)
        except ValueError:
            raise Fault(f"shoal get on {host.name} printed no JSON: {text[:300]!r}") from None
