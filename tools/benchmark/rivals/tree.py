"""A scp-style tree: a host that has the whole file copies it, by plain TCP and sendfile, to one
that has not, then to the next, so the number of holders doubles in every wave.

Decided for its good: doubling waves rather than two copies a host (15 hosts: 4 waves, not 5); no
encryption; and the order knows the racks: the first copy goes to another rack, and from then on,
with 2, 4, 8 racks, nearly all copies stay inside a rack.
"""

import json

from benchmark.rivals.base import PYTHON, WORKERS, Rival

_PORT = 7000


def parent_of(rank):
    """The rank that copies to this one; 0, the server, has none."""
    return rank - (1 << (rank.bit_length() - 1))


def children_of(rank, count):
    """In the order of the waves."""
    return [other for other in range(1, count) if parent_of(other) == rank]


def rank_hosts(server, hosts):
    """The server, then one host a rack in turn, the server's rack last."""
    racks = {}
    for host in hosts:
        racks.setdefault(host.rack, []).append(host)
    own = racks.pop(server.rack, [])
    queues = [*racks.values(), own]
    order = [server]
    while any(queues):
        order += [queue.pop(0) for queue in queues if queue]
    return order


class Tree(Rival):
    name = "tree"

    @property
    def done_folder(self):
        return self.scene.folder / "done"

    def prepare(self, delivery, gate):
        offered = self.offer(delivery)
        self.done_folder.mkdir()
        order = rank_hosts(self.scene.server, list(self.scene.hosts))
        for rank, host in enumerate(order):
            children = [order[child].address for child in children_of(rank, len(order))]
            file = offered if rank == 0 else self.received(host, delivery)
            task = {
                "file": str(file),
                "address": host.address,
                "port": _PORT,
                "children": children,
                "root": rank == 0,
                "bytes": offered.stat().st_size,
                "ready": str(gate.expect(host.name)),
                "done": str(self.done_folder / host.name),
            }
            command = (*PYTHON, WORKERS / "tree_node.py", json.dumps(task))
            self.processes.start_ready(host.name, command, gate, host.prefix)
