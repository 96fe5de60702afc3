"""Borders: a burst of gets takes each piece once across the border of every rack, cluster and site, and
out of the cluster of a lone server once.

How: hosts of two sites, three clusters and five racks get an image that one host holds, at links of a few
MiB/s; who received how much from whom is in their jobs.
"""

from collections import Counter

from story import PIECE_BYTES, Story, main


class BordersTest(Story):
    racks = (2, 2, 3, 2, 2)
    clusters = ("here/c1", "here/c1", "here/c2", "here/c2", "there/c1")
    options = {"bulk.upload-limit": "8MiB/s"}

    def domains(self, node):
        """The site, cluster and rack of a node, as paths."""
        parts = node.place.split("/")
        return ["/".join(parts[:depth]) for depth in (1, 2, 3)]

    def crossings(self, swarm, answers):
        """Bytes that came into each domain from outside."""
        places = {node.name: self.domains(node) for node in swarm.nodes}
        into = Counter()
        for name, answer in answers.items():
            for sender, count in answer["received_from"].items():
                for domain in set(places[name]) - set(places[sender]):
                    into[domain] += count
        return into

    def test_a_burst_takes_each_piece_into_every_domain_once(self):
        swarm = self.start_swarm()
        pack_bytes = self.publish(swarm.gis, self.image(mib=32), "web:1")["pack_bytes"]
        others = [node for node in swarm.nodes if node is not swarm.gis]
        answers = swarm.everywhere("get", "web:1", nodes=others, timeout=60)
        self.assertTrue(all(answer["verified"] for answer in answers.values()))
        into = self.crossings(swarm, answers)
        for domain, count in into.items():
            self.assertLessEqual(count, 1.05 * pack_bytes + 8 * PIECE_BYTES, (domain, pack_bytes, into))
        for domain in ("there", "here/c2", "here/c2/rack3", "here/c2/rack4", "here/c1/rack2"):
            self.assertGreaterEqual(into[domain], pack_bytes, into)
        sent = swarm.gis.shoal("status")["sent_bytes"]
        self.assertLessEqual(sent, 1.1 * pack_bytes)

    def test_a_rack_that_holds_the_image_takes_next_to_nothing_from_outside(self):
        swarm = self.start_swarm()
        pack_bytes = self.publish(swarm.gis, self.image(mib=16), "web:1")["pack_bytes"]
        warm = [swarm[name] for name in ("r3h1", "r3h2")]
        swarm.everywhere("get", "web:1", nodes=warm, timeout=60)
        answers = swarm.everywhere("get", "web:1", nodes=[swarm["r3h3"], swarm["r4h1"], swarm["r4h2"]], timeout=60)
        into = self.crossings(swarm, answers)
        # What is asked for before those nearby are connected.
        some = 16 * PIECE_BYTES
        self.assertLessEqual(into["here/c2/rack3"], some, into)
        self.assertLessEqual(into["here/c2"], some, into)
        self.assertLessEqual(into["here/c2/rack4"], 1.05 * pack_bytes + some, into)


if __name__ == "__main__":
    main()
