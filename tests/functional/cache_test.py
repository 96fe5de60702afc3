"""The cache keeps its limit, says what goes next and why, keeps what is pinned, and does as it is told at
run time and after a restart.

How: a host whose quota holds one image and a half gets two; then everything of `shoal cache` on it.
"""

from story import MIB, NO_SPACE, NOT_FOUND, PARTIAL, USAGE, Story, main, poll

QUOTA = 24 * MIB


class CacheStory(Story):
    racks = (2,)

    def setUp(self):
        super().setUp()
        self.make_swarm()
        self.node = self.swarm["r1h2"]
        self.node.options.update({"store.quota": str(QUOTA), "store.policy": "lru"})
        self.swarm.start()
        self.files = {}
        for seed, name in enumerate(("a:1", "b:1"), 1):
            self.files[name] = self.image(f"{name[0]}.raw", seed=seed, mib=24)
            self.publish(self.swarm.gis, self.files[name], name)

    def get_both(self):
        for name in self.files:
            self.node.shoal("get", name)

    def cache(self, *arguments):
        return self.node.shoal("cache", *arguments)

    def lines(self):
        """What the cache says of each image's pack, and their order."""
        packs = self.cache("ls")["packs"]
        return {line["images"][0]: line for line in packs}, [line["images"][0] for line in packs]


class CacheTest(CacheStory):
    def test_the_limit_is_kept_and_what_goes_next_is_told(self):
        self.get_both()
        status = self.cache("ls")
        self.assertLessEqual(status["held_bytes"], QUOTA)
        self.assertEqual(status["quota_bytes"], QUOTA)
        self.assertEqual(status["evictable_bytes"], status["held_bytes"])
        lines, order = self.lines()
        self.assertEqual(order, ["a:1", "b:1"], "a:1 was used longest ago")
        self.assertLess(lines["a:1"]["pieces_held"], lines["a:1"]["piece_count"], "part of it had to go")
        self.assertEqual(lines["b:1"]["pieces_held"], lines["b:1"]["piece_count"])
        self.assertRegex(lines["a:1"]["why"], "^not used for .*, 1 other copy in the site$")
        # The others are told that a:1 is no longer whole here.
        poll(lambda: {row["image"]: row["holder_count"] for row in self.swarm.gis.shoal("images")}
             == {"a:1": 1, "b:1": 2}, what="the catalogue without the evicted copy")
        would = self.cache("gc", "4MiB", "--dry-run")
        self.assertEqual(self.cache("ls")["held_bytes"], status["held_bytes"], "a dry run evicts nothing")
        done = self.cache("gc", "4MiB")
        self.assertEqual([line["pack"] for line in done["packs"]], [line["pack"] for line in would["packs"]])
        self.assertGreaterEqual(done["freed_bytes"], 4 * MIB)
        self.assertEqual(self.cache("ls")["held_bytes"], status["held_bytes"] - done["freed_bytes"])
        self.export_and_compare(self.node, "a:1", self.files["a:1"])

    def test_what_is_pinned_stays(self):
        self.assert_refused(NOT_FOUND, "get it first", self.node, "cache", "pin", "b:1")
        self.get_both()
        pinned = self.cache("pin", "b:1")
        self.assertEqual(pinned["held_bytes"], pinned["needed_bytes"])
        self.cache("pin", "b:1")
        self.assert_refused(PARTIAL, "only", self.node, "cache", "gc", "1TiB")
        lines, order = self.lines()
        self.assertEqual(lines["b:1"]["pieces_held"], lines["b:1"]["piece_count"])
        self.assertEqual((lines["b:1"]["goes"], lines["b:1"]["why"]), (0, "pinned by operator b:1"))
        self.assertNotIn("a:1", lines)
        self.assert_refused(PARTIAL, "pinned", self.node, "cache", "gc", "b:1")
        self.assert_refused(NO_SPACE, "pinned", self.node, "get", "a:1")
        self.node.kill()
        self.start(self.node)
        self.assertEqual(self.lines()[0]["b:1"]["goes"], 0, "a pin survives kill -9")
        self.cache("pin", "b:1", "--remove")
        self.assert_refused(NOT_FOUND, "not pinned", self.node, "cache", "unpin", "b:1")
        self.export_and_compare(self.node, "a:1", self.files["a:1"])
        self.assertTrue(self.node.shoal("verify")["verified"])
        self.assertGreater(self.cache("gc", "a:1")["freed_bytes"], 0)
        self.assertNotIn("a:1", self.lines()[0])

    def test_limit_and_policy_change_at_run_time_and_last(self):
        self.get_both()
        self.assert_refused(USAGE, "best", self.node, "cache", "policy", "best")
        self.assertEqual(self.cache("policy", "fifo")["policy"], "fifo")
        self.node.shoal("get", "a:1")
        limit = self.cache("limit", "2x")
        self.assertEqual(limit["quota_bytes"], 2 * limit["image_bytes"])
        self.assert_refused(USAGE, "at least 16MiB", self.node, "cache", "limit", "1MiB")
        limit = self.cache("limit", "18MiB")
        self.assertLessEqual(self.cache("ls")["held_bytes"], 18 * MIB)
        self.assertGreater(limit["freed_bytes"], 0)
        self.node.kill()
        self.start(self.node)
        status = self.cache("ls")
        self.assertEqual((status["policy"], status["configured_policy"]), ("fifo", "lru"))
        self.assertEqual((status["quota_bytes"], status["configured_quota_bytes"]), (18 * MIB, QUOTA))
        self.cache("limit", "default")
        self.cache("policy", "default")
        status = self.cache("ls")
        self.assertEqual((status["policy"], status["quota_bytes"]), ("lru", QUOTA))
        self.assertEqual(self.node.shoal("status")["self"]["quota_bytes"], QUOTA)

    def test_live_keeps_nothing_that_is_not_in_use(self):
        self.node.shoal("get", "a:1")
        self.cache("policy", "live")
        poll(lambda: self.cache("ls")["held_bytes"] == 0, what="an empty cache")
        self.cache("policy", "default")
        self.export_and_compare(self.node, "b:1", self.files["b:1"])


class CopiesFloorTest(CacheStory):
    """A floor keeps a site's last copies, at the price of a get that fails."""

    options = {"store.copies-floor": "2"}

    def test_the_last_copies_stay(self):
        self.node.shoal("get", "a:1")
        self.assert_refused(NO_SPACE, "last copies", self.node, "get", "b:1")
        line = self.lines()[0]["a:1"]
        self.assertEqual((line["goes"], line["pieces_held"]), (0, line["piece_count"]))
        self.assertIn("last copies", line["why"])


if __name__ == "__main__":
    main()
