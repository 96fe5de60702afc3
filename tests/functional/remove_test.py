"""`shoal rm` frees what only the removed image referred to, on every host, and nothing else; hosts that
were away then free it when they come back. What was not removed stays, also with a server that knows nothing of it.

How: two images of which the second shares most chunks with the first; held bytes before and after. Hosts are stopped or
killed, images removed, the hosts started again.
"""

from story import NOT_FOUND, USAGE, Story, change_image, main, poll


class RemoveTest(Story):
    racks = (2, 1)

    def held(self, node):
        return node.shoal("status")["self"]["held_bytes"]

    def test_the_packs_of_the_removed_image_go_everywhere_and_shared_ones_stay(self):
        swarm = self.start_swarm()
        first = self.image()
        second = change_image(first, self.directory / "second.raw", seed=3)
        one = self.publish(swarm.gis, first, "web:1")
        two = self.publish(swarm["r2h1"], second, "web:2", "--parent", "web:1")
        for image in ("web:1", "web:2"):
            swarm.everywhere("get", image, timeout=60)
        both = one["pack_bytes"] + two["pack_bytes"]
        self.assertEqual({self.held(node) for node in swarm.nodes}, {both})

        gone = swarm["r1h2"].shoal("rm", "web:1", "-y")
        self.assertEqual((gone["freed_bytes"], gone["freed_pack_count"]), (0, 0), "web:2 needs the pack of web:1")
        self.export_and_compare(swarm["r1h2"], "web:2", second)

        gone = swarm["r1h2"].shoal("rm", "web:2", "-y")
        self.assertEqual((gone["freed_bytes"], gone["freed_pack_count"]), (both, 2))
        for node in swarm.nodes:
            poll(lambda n=node: self.held(n) == 0, what=f"an empty store on {node.name}")
            self.assertEqual(self.packs_of(node), {})
        self.assertEqual(swarm.gis.shoal("images"), [])
        self.assert_refused(NOT_FOUND, "web:2", swarm["r1h2"], "get", "web:2")

        # What was removed can be published again, with nothing left over that disturbs it.
        again = self.publish(swarm["r1h2"], second, "web:2")
        self.assertEqual(again["new_bytes"], again["data_bytes"])
        self.export_and_compare(swarm["r2h1"], "web:2", second)

    def test_removing_asks_first_and_only_what_exists(self):
        swarm = self.start_swarm()
        self.publish(swarm.gis, self.image(), "web:1")
        self.assert_refused(USAGE, "-y", swarm.gis, "rm", "web:1")
        self.assert_refused(NOT_FOUND, "web:9", swarm.gis, "rm", "web:9", "-y")
        self.assertEqual(len(swarm.gis.shoal("images")), 1)

    def assert_empties(self, node):
        poll(lambda: self.held(node) == 0, what=f"an empty store on {node.name}")
        self.assertEqual(self.packs_of(node), {})

    def test_hosts_that_were_away_free_it_when_they_come_back(self):
        swarm = self.start_swarm()
        image, other = self.image(), self.image("other.raw", seed=9, mib=4)
        self.publish(swarm["r1h2"], image, "web:1")
        self.publish(swarm.gis, other, "other:1")
        for name in ("web:1", "other:1"):
            swarm.everywhere("get", name, timeout=60)
        kept = set(self.packs_of(swarm.gis))
        # One of them published it.
        for name in ("r1h2", "r2h1"):
            swarm[name].stop()
        gone = swarm.gis.shoal("rm", "web:1", "-y")
        self.assertEqual(gone["freed_pack_count"], 1)
        poll(lambda: len(self.packs_of(swarm.gis)) == 1, what="the server's own store without the pack")
        kept &= set(self.packs_of(swarm.gis))
        swarm.gis.stop()
        for node in swarm.nodes:
            self.start(node)
        for node in swarm.nodes:
            poll(lambda n=node: set(self.packs_of(n)) == kept, what=f"only the pack of other:1 on {node.name}")
            self.export_and_compare(node, "other:1", other)
        # Published again, its pack has the same name; nobody forgets it then.
        self.publish(swarm["r1h2"], image, "web:2")
        for node in swarm.nodes:
            node.stop()
        for node in swarm.nodes:
            self.start(node)
        self.export_and_compare(swarm["r2h1"], "web:2", image)

    def test_a_publication_under_way_is_unharmed(self):
        swarm = self.start_swarm()
        image = self.image(mib=48)
        host = swarm["r1h2"]
        for version in range(1, 4):
            # The pack of each has the name of one that was removed.
            job = host.shoal("publish", image, "--name", "web", "--version", version, "--no-wait")["job"]
            if version > 1:
                swarm.gis.stop()
                self.start(swarm.gis)
            self.assertEqual(host.shoal("jobs", job, "--wait")["state"], "done")
            host.wait_until_joined()
            self.export_and_compare(swarm["r2h1"], f"web:{version}", image)
            swarm.gis.shoal("rm", f"web:{version}", "-y")
            # The next one begins while the order to forget is on its way.
        for node in swarm.nodes:
            self.assert_empties(node)

    def test_a_server_without_its_catalogue_makes_nobody_forget(self):
        swarm = self.start_swarm()
        image = self.image()
        self.publish(swarm.gis, image, "web:1")
        swarm.everywhere("get", "web:1", timeout=60)
        packs = set(self.packs_of(swarm.gis))
        swarm.gis.stop()
        away = self.directory / "away"
        away.mkdir()
        for file in swarm.gis.directory.glob("catalogue.sqlite*"):
            file.rename(away / file.name)
        self.start(swarm.gis)
        for node in swarm.nodes:
            node.wait_until_joined()
            poll(lambda n=node: "does not know pack" in n.log.read_text(), what=f"a warning of {node.name}")
            self.assertEqual(set(self.packs_of(node)), packs)
        self.assertEqual(swarm.gis.shoal("images"), [])
        swarm.gis.stop()
        for file in swarm.gis.directory.glob("catalogue.sqlite*"):
            file.unlink()
        for file in away.iterdir():
            file.rename(swarm.gis.directory / file.name)
        self.start(swarm.gis)
        for node in swarm.nodes:
            node.wait_until_joined()
            answer = self.export_and_compare(node, "web:1", image)
            self.assertEqual(answer["own_store"], answer["needed_bytes"])


class RemoveUnderGetTest(Story):
    racks = (2,)
    options = {"bulk.upload-limit": "2MiB/s"}

    def test_a_host_killed_in_a_get_frees_what_it_had_when_it_comes_back(self):
        swarm = self.start_swarm()
        self.publish(swarm.gis, self.image(), "web:1")
        host = swarm["r1h2"]
        job = host.shoal("get", "web:1", "--no-wait")["job"]
        poll(lambda: host.shoal("jobs", job)["done_bytes"] > 0, what="the first pieces")
        host.kill()
        self.assertNotEqual(self.packs_of(host), {})
        swarm.gis.shoal("rm", "web:1", "-y")
        self.start(host)
        poll(lambda: self.packs_of(host) == {}, what="an empty store")
        self.assertEqual(host.shoal("status")["self"]["held_bytes"], 0)


if __name__ == "__main__":
    main()
