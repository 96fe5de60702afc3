"""`shoal rm` frees what only the removed image referred to, on every host, and nothing else; hosts that
were away then free it when they come back.

How: two images of which the second shares most chunks with the first; held bytes before and after.
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


if __name__ == "__main__":
    main()
