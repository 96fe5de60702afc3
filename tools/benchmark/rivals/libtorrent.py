"""Stock libtorrent 2.0 (python3-libtorrent) with its default disk backend.

BitTorrent v1 (both versions pick pieces alike, and a corrupt block can crash 2.0.8 with v2); pieces
of 256 KiB. Every host dials the server and the hosts before it as soon as it starts
(`connect_peer`), which is quicker than any tracker. Settings for a LAN are in
workers/libtorrent_peer.py.
"""

import json

from benchmark.rivals.base import PYTHON, WORKERS, Rival
from benchmark.rivals.torrents import make_torrent

PORT = 6881


class Libtorrent(Rival):
    name = "libtorrent"

    @property
    def done_folder(self):
        return self.scene.folder / "done"

    def prepare(self, delivery, gate):
        folder = self.scene.folder
        offered = self.offer(delivery)
        version = self.scene.options.get("libtorrent_version", 1)
        torrent = make_torrent(offered, folder / "image.torrent", version=version)
        self.done_folder.mkdir()
        peers = []
        for host in [self.scene.server, *self.scene.hosts]:
            task = {
                "torrent": str(torrent),
                "folder": str(self.directory(host)),
                "address": host.address,
                "port": PORT,
                "peers": list(peers),
                "seed": host is self.scene.server,
                "ready": str(gate.expect(host.name)),
                "done": str(self.done_folder / host.name),
                "settings": self.scene.options.get("libtorrent_settings", {}),
            }
            command = (PYTHON[0], "-B", WORKERS / "libtorrent_peer.py", json.dumps(task))
            self.processes.start_ready(host.name, command, gate, host.prefix)
            peers.append(host.address)
