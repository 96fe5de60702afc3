"""A host whose disk rots under the running daemon serves corrupt pieces: the fetcher finds out, names and
bans it, tells it in the job's warnings, and gets the image whole from another.

How: bytes of each piece are flipped in a holder's pack file; the good holder is slower than the bad one, so
that the bad one is certainly asked.
"""

from story import PIECE_BYTES, Story, flip, main


class CorruptPeerTest(Story):
    racks = (3, 1)

    def rot(self, node, holders=2):
        # Started anew it is a holder at once: who has just fetched counts as a fetcher for a while.
        node.stop()
        self.start(node)
        self.wait_for_holders(self.swarm.gis, "web:1", holders)
        for pack in self.packs_of(node).values():
            for piece in range((pack.stat().st_size + PIECE_BYTES - 1) // PIECE_BYTES):
                flip(pack, piece * PIECE_BYTES + 5000)

    def test_a_corrupt_holder_is_found_named_and_banned_and_the_image_completes(self):
        swarm = self.make_swarm()
        swarm.gis.options["bulk.upload-limit"] = "4MiB/s"
        swarm.start()
        image = self.image(mib=24)
        self.publish(swarm.gis, image, "web:1")
        swarm["r1h2"].shoal("get", "web:1")
        self.rot(swarm["r1h2"])
        for name in ("r1h3", "r2h1"):
            with self.subTest(fetcher=name):
                fetcher = swarm[name]
                self.export_and_compare(fetcher, "web:1", image)
                job = fetcher.shoal("jobs")[-1]
                self.assertTrue(any("r1h2" in warning and "corrupt" in warning for warning in job["warnings"]), job)
                self.assertTrue(any("banned" in warning for warning in job["warnings"]), job)
                self.assertFalse(any("r1h1" in warning for warning in job["warnings"]), job)
                self.assertTrue(fetcher.shoal("verify")["verified"])
                self.assert_works(fetcher)
            # Else the next one may get everything from it.
            fetcher.stop()

    def test_many_fetchers_at_once_get_past_a_corrupt_holder(self):
        swarm = self.make_swarm()
        swarm.gis.options["bulk.upload-limit"] = "6MiB/s"
        swarm.start()
        image = self.image(mib=16)
        self.publish(swarm.gis, image, "web:1")
        swarm["r1h2"].shoal("get", "web:1")
        self.rot(swarm["r1h2"])
        fetchers = [swarm["r1h3"], swarm["r2h1"]]
        answers = swarm.everywhere("get", "web:1", nodes=fetchers, timeout=60)
        for node in fetchers:
            self.assertTrue(answers[node.name]["verified"])
            self.export_and_compare(node, "web:1", image)

    def test_the_rotten_host_repairs_itself_when_told_to_verify(self):
        swarm = self.start_swarm()
        image = self.image(mib=8)
        self.publish(swarm.gis, image, "web:1")
        bad = swarm["r1h2"]
        bad.shoal("get", "web:1")
        self.rot(bad)
        with self.assertRaisesRegex(Exception, "corrupt"):
            bad.shoal("verify")
        self.assertEqual(bad.shoal("status")["self"]["held_bytes"], 0)
        self.export_and_compare(bad, "web:1", image)
        # And the others hear that it lost the pieces before they ask for them.
        self.export_and_compare(swarm["r1h3"], "web:1", image)

    def test_when_the_only_holder_is_corrupt_the_get_does_not_claim_success(self):
        swarm = self.start_swarm()
        image = self.image(mib=8)
        self.publish(swarm["r1h2"], image, "web:1")
        self.rot(swarm["r1h2"], holders=1)
        with self.assertRaises(Exception) as refused:
            swarm["r1h3"].shoal("--timeout", "8s", "get", "web:1")
        self.assertEqual(getattr(refused.exception, "code", None), 7, refused.exception)
        (job,) = swarm["r1h3"].shoal("jobs")
        self.assertTrue(any("r1h2" in warning for warning in job["warnings"]), job)


if __name__ == "__main__":
    main()
