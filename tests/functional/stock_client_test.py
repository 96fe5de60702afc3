"""A pack is a BitTorrent v2 torrent: a stock client fetches it from the swarm with the file that `shoal
torrent` writes, from a member's address; from any other address it gets nothing.

How: python3-libtorrent as it ships, its sockets bound to the addresses of the loopback network.
"""

import shutil
import time
import unittest

from story import Story, main, poll, sha256

try:
    import libtorrent
except ImportError:
    libtorrent = None


@unittest.skipUnless(libtorrent, "needs python3-libtorrent")
class StockClientTest(Story):
    racks = (3,)

    def client(self, address, torrent, save):
        """A stock client that leaves from `address`. Answers (session, handle)."""
        session = libtorrent.session({
            "listen_interfaces": f"{address}:0", "outgoing_interfaces": address, "enable_dht": False,
            "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
            "allow_multiple_connections_per_ip": True})
        save.mkdir()
        handle = session.add_torrent({"ti": libtorrent.torrent_info(str(torrent)), "save_path": str(save)})
        return session, handle

    def publish_and_write_torrent(self):
        swarm = self.start_swarm()
        self.publish(swarm.gis, self.image(mib=16), "web:1")
        swarm["r1h2"].shoal("get", "web:1")
        (pack,) = self.packs_of(swarm.gis)
        file = self.directory / "web.torrent"
        swarm["r1h2"].shoal("torrent", pack, "--to", file)
        return swarm, pack, file

    def test_a_stock_client_at_a_members_address_fetches_the_pack(self):
        swarm, pack, torrent = self.publish_and_write_torrent()
        self.assertEqual(libtorrent.torrent_info(str(torrent)).info_hashes().has_v2(), True)
        save = self.directory / "stock"
        session, handle = self.client(swarm["r1h3"].address, torrent, save)
        poll(lambda: handle.status().state != libtorrent.torrent_status.checking_files)
        for holder in ("r1h1", "r1h2"):
            handle.connect_peer((swarm[holder].address, swarm[holder].bulk_port))
        poll(lambda: handle.status().is_seeding, seconds=30, what="the whole pack in the stock client")
        session.pause()
        (got,) = [path for path in save.rglob("*") if path.is_file()]
        self.assertEqual(sha256(got), sha256(self.packs_of(swarm.gis)[pack]))
        shutil.rmtree(save)

    def test_a_stock_client_elsewhere_gets_nothing(self):
        swarm, _, torrent = self.publish_and_write_torrent()
        _, handle = self.client(self.network.address(1, 99), torrent, self.directory / "stranger")
        poll(lambda: handle.status().state != libtorrent.torrent_status.checking_files)
        end = time.monotonic() + 5
        while time.monotonic() < end:
            for holder in ("r1h1", "r1h2"):
                handle.connect_peer((swarm[holder].address, swarm[holder].bulk_port))
            status = handle.status()
            self.assertEqual((status.total_payload_download, status.total_done), (0, 0))
            time.sleep(0.2)
        self.assertEqual([peer.total_download for peer in handle.get_peer_info() if peer.total_download], [])


if __name__ == "__main__":
    main()
