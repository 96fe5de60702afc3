"""Several nodes, their authority and their general index server."""

import concurrent.futures
import shutil
import subprocess
from pathlib import Path

from swarm.node import Node, ShoalError


class Swarm:
    """Use as a context manager: the daemons end with it, however it ends."""

    def __init__(self, directory, binaries, nodes=()):
        self.directory = Path(directory)
        self.binaries = Path(binaries)
        self.nodes = list(nodes)

    @classmethod
    def on_loopback(cls, directory, binaries, racks, hosts_per_rack, site="here", cluster="c1", options=None,
                    first_address=1):
        """Hosts at 127.0.1.x, 127.0.2.x, ...: one third number a rack."""
        nodes = []
        for rack in range(1, racks + 1):
            for number in range(hosts_per_rack):
                name = f"r{rack}h{number + 1}"
                nodes.append(Node(name, f"{site}/{cluster}/rack{rack}", f"127.0.{rack}.{first_address + number}",
                                  Path(directory) / name, binaries, options=options))
        return cls(directory, binaries, nodes)

    @property
    def gis(self):
        return self.nodes[0]

    @property
    def authority(self):
        return self.directory / "ca.crt"

    def __getitem__(self, name):
        return next(node for node in self.nodes if node.name == name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def run_shoal(self, *arguments):
        done = subprocess.run([str(self.binaries / "shoal"), *map(str, arguments)], capture_output=True, text=True)
        if done.returncode != 0:
            raise ShoalError(["shoal", *arguments], done.returncode, done.stderr)

    def prepare(self):
        """Makes the authority and a certificate for each node."""
        self.directory.mkdir(parents=True, exist_ok=True)
        key = self.directory / "ca.key"
        if not self.authority.exists():
            self.run_shoal("ca", "init", "--authority", self.authority, "--authority-key", key)
        for node in self.nodes:
            if (node.directory / "host.crt").exists():
                continue
            roles = "host,index,publisher" + (",gis" if node is self.gis else "")
            self.run_shoal("ca", "issue", node.name, "--place", node.place, "--roles", roles,
                           "--authority", self.authority, "--authority-key", key, "--out", node.directory)

    def start_node(self, node, environment=None):
        gis = f"{self.gis.address}:{self.gis.link_port}"
        node.start(node.flags(node is self.gis, gis, self.authority), environment)

    def start(self, environment=None):
        """Starts all nodes and waits until each has joined."""
        self.prepare()
        for node in self.nodes:
            self.start_node(node, environment)
        for node in self.nodes:
            node.wait_until_joined()

    def everywhere(self, *arguments, nodes=None, timeout=600):
        """Runs one `shoal` command on all nodes at once. Answers JSON by node name."""
        nodes = self.nodes if nodes is None else nodes
        with concurrent.futures.ThreadPoolExecutor(max_workers=max(1, len(nodes))) as pool:
            running = {node.name: pool.submit(node.shoal, *arguments, timeout=timeout) for node in nodes}
            return {name: answer.result() for name, answer in running.items()}

    def stop(self):
        # The general index server last, so that the others can say goodbye.
        with concurrent.futures.ThreadPoolExecutor(max_workers=16) as pool:
            list(pool.map(Node.stop, self.nodes[1:]))
        if self.nodes:
            self.gis.stop()
        for node in self.nodes:
            node.remove_socket()

    def remove(self):
        """Deletes everything the swarm kept."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
