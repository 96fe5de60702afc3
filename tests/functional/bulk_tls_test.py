"""Encrypted bulk transfers between real daemons: what crosses the wire is read there, and must be a pack's
bytes only where bulk.tls leaves them plain. Hosts that are set otherwise are told so.

How: daemons in two sites on loopback; a raw socket of this test (root) sees their packets.
"""

import os
import socket
import threading
import unittest

from story import BINARIES, DENIED, Story, StoryNode, main, poll
from swarm import Swarm


class Wiretap:
    """Which of some pieces of data went over loopback, as (source address, target address)."""

    def __init__(self, samples):
        self.samples, self.seen = samples, set()
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
        self.socket.bind(("lo", 0))
        self.socket.settimeout(0.2)
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._listen)
        self.thread.start()

    def _listen(self):
        while not self.over.is_set():
            try:
                packet = self.socket.recv(1 << 17)
            except TimeoutError:
                continue
            if any(sample in packet for sample in self.samples):
                self.seen.add((socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])))

    def stop(self):
        self.over.set()
        self.thread.join()
        self.socket.close()
        return self.seen


class BulkTlsTest(Story):
    def start_sites(self, modes):
        """p1 (the general index server) and p2 in Paris, l1 and l2 in Lyon."""
        nodes = []
        for number, (name, mode) in enumerate(modes.items(), 1):
            site = {"p": "paris", "l": "lyon"}[name[0]]
            nodes.append(StoryNode(name, f"{site}/c1/r{number}", self.network.address(number, 1),
                                   self.directory / name, BINARIES, options={"bulk.tls": mode}))
        self.swarm = Swarm(self.directory, BINARIES, nodes)
        self.swarm.start()
        return self.swarm

    def tapped_gets(self, swarm, getters):
        image = self.image(mib=8)
        self.publish(swarm.gis, image, "web:1", "--compress", "none")
        (pack,) = self.packs_of(swarm.gis).values()
        data = pack.read_bytes()
        tap = Wiretap([data[at:at + 32] for at in range(4096, len(data) - 32, len(data) // 7)])
        try:
            for name in getters:
                self.export_and_compare(swarm[name], "web:1", image)
        finally:
            seen = tap.stop()
        names = {node.address: name for name, node in ((name, swarm[name]) for name in ("p1", "p2", "l1", "l2"))}
        # Other stories on this machine send the same bytes in swarms of their own.
        return {(names[source], names[target]) for source, target in seen
                if source in names and target in names}

    @unittest.skipIf(os.geteuid() != 0, "reading packets needs root")
    def test_sites_encrypts_what_crosses_the_border_and_nothing_else(self):
        swarm = self.start_sites(dict.fromkeys(("p1", "p2", "l1", "l2"), "sites"))
        seen = self.tapped_gets(swarm, ("p2", "l1", "l2"))
        self.assertIn(("p1", "p2"), seen, "within a site the bytes go plain: the tap works")
        crossing = {pair for pair in seen if pair[0][0] != pair[1][0]}
        self.assertEqual(crossing, set(), "plain bytes crossed the site border")

    @unittest.skipIf(os.geteuid() != 0, "reading packets needs root")
    def test_all_encrypts_everything(self):
        swarm = self.start_sites(dict.fromkeys(("p1", "p2", "l1", "l2"), "all"))
        self.assertEqual(self.tapped_gets(swarm, ("p2", "l1", "l2")), set())
        row = next(row for row in swarm.gis.shoal("hosts") if row["name"] == "l1")
        self.assertEqual(row["bulk_port"], 0)
        self.assertEqual(row["bulk_tls_port"], 7442)
        (pack,) = self.packs_of(swarm.gis)
        self.assert_refused(DENIED, "bulk.tls = all", swarm["l1"], "torrent", pack)

    def test_hosts_whose_settings_do_not_fit_are_named_in_the_log(self):
        swarm = self.start_sites({"p1": "off", "p2": "off", "l1": "off", "l2": "all"})
        poll(lambda: "p1 and this host cannot exchange packs" in swarm["l2"].log.read_text(),
             what="a warning on l2")
        poll(lambda: "l2 and this host cannot exchange packs" in swarm["p1"].log.read_text(),
             what="a warning on p1")
        self.assertNotIn("l1 and this host", swarm["p1"].log.read_text())


if __name__ == "__main__":
    main()
