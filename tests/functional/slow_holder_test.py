"""A holder beside the host that uploads slowly: one in the next rack helps, unless the nearest is to come
first.

How: two hosts hold an image, one in the rack of a third, with an upload limit, one in the next rack; who
sent what to the third is in its job.
"""

from story import BINARIES, Story, Swarm, main


class SlowHolderTest(Story):
    def fetch_beside_a_slow_holder(self, sources):
        """The job of a get in a rack whose only holder sends 4 MiB/s."""
        nodes = [
            self.make_node("far", 1, 1),
            self.make_node("near", 2, 1, **{"bulk.upload-limit": "4MiB/s"}),
            self.make_node("asker", 2, 2, **{"bulk.sources": sources}),
        ]
        self.swarm = swarm = Swarm(self.directory, BINARIES, nodes)
        swarm.start()
        self.publish(swarm.gis, self.image(mib=64), "web:1", "--compress", "none")
        swarm["near"].shoal("get", "web:1", timeout=60)
        # Whoever has just fetched counts as a fetcher for a while; a start makes it a holder.
        swarm["near"].kill()
        self.start(swarm["near"])
        answer = swarm["asker"].shoal("get", "web:1", timeout=60)
        self.assertTrue(answer["verified"])
        return answer

    def test_is_helped_by_a_holder_of_the_next_rack(self):
        answer = self.fetch_beside_a_slow_holder("earliest_finish")
        self.assertGreater(answer["received_from"]["far"], answer["received_from"]["near"], answer)

    def test_is_left_alone_where_the_nearest_comes_first(self):
        answer = self.fetch_beside_a_slow_holder("nearest_first")
        self.assertNotIn("far", answer["received_from"], answer)


if __name__ == "__main__":
    main()
