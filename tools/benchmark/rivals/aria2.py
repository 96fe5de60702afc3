"""aria2: BitTorrent v1, peers from an opentracker on the server.

Every host goes on serving until all are done. Decided for its good: clients ask the tracker again
every 5 s (default: minutes), so that all know all; no limit on peers (default 55) nor on requests
for more of them; the server's copy is taken as it is, without hashing it first.
"""

import time

from benchmark.fault import Fault
from benchmark.rivals.base import Rival
from benchmark.rivals.torrents import info_hash, make_torrent

_TRACKER_PORT = 6969
_PEER_PORT = 6881
_SEED_START_SECONDS = 20
_OPTIONS = (
    "--no-conf",
    "--quiet",
    "--console-log-level=warn",
    "--enable-dht=false",
    "--enable-dht6=false",
    "--disable-ipv6",
    "--bt-enable-lpd=false",
    "--enable-peer-exchange=false",
    "--bt-tracker-interval=5",
    "--bt-max-peers=0",
    "--bt-request-peer-speed-limit=1000M",
    "--seed-ratio=0.0",
    "--file-allocation=none",
    "--check-certificate=false",
    f"--listen-port={_PEER_PORT}",
)


class Aria2(Rival):
    name = "aria2"
    programs = ("aria2c", "opentracker")

    @property
    def done_folder(self):
        return self.scene.folder / "done"

    def prepare(self, delivery, gate):
        server, folder = self.scene.server, self.scene.folder
        offered = self.offer(delivery)
        tracker = f"http://{server.address}:{_TRACKER_PORT}/announce"
        torrent = make_torrent(offered, folder / "image.torrent", tracker)
        self.done_folder.mkdir()
        hook = folder / "done.sh"
        hook.write_text('#!/bin/sh\n: > "$SHOAL_BENCH_DONE"\n')
        hook.chmod(0o755)
        # Debian's opentracker serves listed torrents only, and looks below its new root.
        tracked = folder / "tracker"
        tracked.mkdir()
        (tracked / "torrents").write_text(f"{info_hash(torrent)}\n")
        port = ("-p", _TRACKER_PORT, "-P", _TRACKER_PORT)
        command = ("opentracker", "-i", server.address, *port, "-d", tracked, "-w", "torrents")
        self.processes.start("opentracker", command, prefix=server.prefix)
        seed = ("aria2c", *_OPTIONS, "--bt-seed-unverified=true", f"--dir={offered.parent}")
        self.processes.start("seed", (*seed, torrent), prefix=server.prefix)
        for host in self.scene.hosts:
            fetch = ("aria2c", *_OPTIONS, f"--dir={self.directory(host)}")
            self.processes.start(
                host.name,
                (*fetch, f"--on-bt-download-complete={hook}", torrent),
                gate,
                host.prefix,
                env={"SHOAL_BENCH_DONE": str(self.done_folder / host.name)},
            )
        self._wait_for_the_seed()

    def _wait_for_the_seed(self):
        """Until the seed listens: it announces itself right after."""
        server = self.scene.server
        end = time.monotonic() + _SEED_START_SECONDS
        wanted = {_listening(_PEER_PORT), _listening(_TRACKER_PORT)}
        seed = next(program for program in self.processes.programs if program.name == "seed")
        while time.monotonic() < end:
            self.processes.complain_of_the_dead()
            with open(f"/proc/{seed.pid}/net/tcp") as stream:
                rows = [line.split() for line in stream.readlines()[1:]]
            listening = {row[1].rpartition(":")[2] for row in rows if row[3] == "0A"}
            if wanted <= listening:
                # The announcement itself; nothing tells when it has arrived.
                time.sleep(1)
                return
            time.sleep(0.05)
        raise Fault(f"aria2 or opentracker does not listen on {server.name}")


def _listening(port):
    return f"{port:04X}"
