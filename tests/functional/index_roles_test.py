"""The index of pieces: whoever bears a role may die while images are fetched; every fetch ends well, the
standby takes over, and what is known comes back. All three schemes find the holders.

How: two clusters of two racks; the daemon that is the index of a rack, a cluster, the site, or the general
index server is killed (SIGKILL) while the other hosts fetch at a few MiB/s. Times are printed.
"""

import threading
import time

from story import Story, main, poll


class IndexStory(Story):
    racks = (2, 3, 3, 3)
    clusters = ("here/c1", "here/c1", "here/c2", "here/c2")
    options = {"bulk.upload-limit": "6MiB/s"}

    def index_of(self, node):
        return node.shoal("status")["index"]

    def bearers(self, swarm):
        """Domain to the node that is its index."""
        return {domain: node for node in swarm.nodes if node.alive() for domain in self.index_of(node)["domains"]}

    def settled(self, swarm, count):
        return poll(lambda: len(roles := self.bearers(swarm)) >= count and roles, what=f"{count} domains with an index")


class KilledIndexTest(IndexStory):
    def kill_during_gets(self, swarm, victim):
        """Answers what each get said."""
        others = [node for node in swarm.nodes if node not in (swarm.gis, victim)]
        answers = {}

        def fetch():
            answers.update(swarm.everywhere("get", "web:1", nodes=others, timeout=90))

        fetching = threading.Thread(target=fetch)
        fetching.start()
        poll(lambda: others[0].shoal("status")["received_bytes"] > 1 << 20, what="the beginning of a fetch")
        victim.kill()
        fetching.join()
        self.assertEqual(len(answers), len(others))
        return answers

    def check_killed(self, level):
        swarm = self.start_swarm()
        image = self.image(mib=24)
        self.publish(swarm.gis, image, "web:1")
        roles = self.settled(swarm, 8)
        victim = next(node for domain, node in roles.items()
                      if domain.count("/") == level and node is not swarm.gis)
        lost = {domain for domain, node in roles.items() if node is victim}
        begun = time.monotonic()
        taken = []

        def watch():
            while time.monotonic() - begun < 60:
                if victim.alive():
                    killed = time.monotonic()
                elif lost <= set(self.bearers(swarm)):
                    taken.append(time.monotonic() - killed)
                    return
                time.sleep(0.02)

        watching = threading.Thread(target=watch)
        watching.start()
        answers = self.kill_during_gets(swarm, victim)
        watching.join()
        self.assertTrue(all(answer["verified"] for answer in answers.values()))
        print(f"\n{', '.join(sorted(lost))}: taken over after {taken[0]:.2f} s; "
              f"last get {max(a['seconds'] for a in answers.values()):.2f} s")
        self.assertLess(taken[0], 5)
        survivor = next(node for node in swarm.nodes if node not in (swarm.gis, victim))
        self.export_and_compare(survivor, "web:1", image)

    def test_the_index_of_a_rack_may_die(self):
        self.check_killed(2)

    def test_the_index_of_a_cluster_may_die(self):
        self.check_killed(1)

    def test_the_index_of_the_site_may_die(self):
        self.check_killed(0)

    def test_what_a_new_index_knows_comes_from_its_hosts(self):
        swarm = self.start_swarm()
        self.publish(swarm.gis, self.image(mib=8), "web:1")
        swarm.everywhere("get", "web:1", nodes=[swarm["r3h2"], swarm["r3h3"], swarm["r4h1"]], timeout=60)
        self.settled(swarm, 8)
        known = poll(lambda: self.index_of(self.bearers(swarm)["here/c2"])["holding_count"] >= 2,
                     what="a cluster's index that knows of two racks")
        self.assertTrue(known)
        old = self.bearers(swarm)["here/c2"]
        old.kill()

        def knows_again():
            new = self.bearers(swarm).get("here/c2")
            return new and self.index_of(new)["holding_count"] >= 2
        poll(knows_again, seconds=10, what="a new index of the cluster that knows of both racks")


class GisAwayIndexTest(IndexStory):
    def test_a_rack_shares_what_it_holds_while_the_server_is_away(self):
        swarm = self.start_swarm()
        image = self.image(mib=8)
        self.publish(swarm.gis, image, "web:1")
        first, second = swarm["r3h1"], swarm["r3h2"]
        first.shoal("get", "web:1")
        # The recipe is known to the second as well, its pieces are not all there.
        job = second.start_shoal("get", "web:1", "--to", self.directory / "second.raw")
        poll(lambda: second.shoal("status")["received_bytes"] > 0, what="the beginning of a fetch")
        swarm.gis.kill()
        _, text = job.communicate(timeout=60)
        self.assertEqual(job.returncode, 0, text)
        self.assertEqual((self.directory / "second.raw").read_bytes(), image.read_bytes())


class SchemeTest(IndexStory):
    options = {}

    def check_scheme(self, scheme):
        self.options = {"index.scheme": scheme}
        swarm = self.start_swarm()
        image = self.image(mib=8)
        self.publish(swarm["r1h2"], image, "web:1")
        answers = swarm.everywhere("get", "web:1", nodes=swarm.nodes[2:5], timeout=60)
        answers.update(swarm.everywhere("get", "web:1", nodes=swarm.nodes[5:], timeout=60))
        self.assertTrue(all(answer["verified"] for answer in answers.values()))
        told = [self.index_of(node) for node in swarm.nodes]
        self.assertEqual({one["scheme"] for one in told}, {scheme})
        self.export_and_compare(swarm["r4h3"], "web:1", image)
        sent = {}
        for one in told:
            for line in one["traffic"]:
                sent[line["kind"]] = sent.get(line["kind"], 0) + line["messages"]
        return sent

    def test_topo_finds_holders_with_few_messages(self):
        sent = self.check_scheme("topo")
        self.assertLess(sent["lookup"], 60, sent)

    def test_flat_finds_holders(self):
        self.assertGreater(self.check_scheme("flat")["lookup"], 0)

    def test_naive_finds_holders_and_publishes_nothing(self):
        sent = self.check_scheme("naive")
        self.assertNotIn("publish", sent)
        self.assertGreater(sent["lookup"], 0)


if __name__ == "__main__":
    main()
