"""A full disk is told with its own exit code, and the node works on.

How: the store is a tmpfs of 24 MiB; what fills it is a file beside the store, put there in the middle
of a get. Needs root, to mount.
"""

import os
import subprocess
import unittest

from story import NO_SPACE, Story, main, poll


@unittest.skipUnless(os.geteuid() == 0, "needs root, to mount a small file system")
class FullDiskTest(Story):
    racks = (2,)

    def mount(self, disk, mib):
        disk.mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m", "shoal-test", disk], check=True)
        # Before the directory goes, after the daemon: clean-ups run last in, first out.
        self.addCleanup(lambda: subprocess.run(["umount", "-l", disk], check=False))
        self.addCleanup(lambda: self.swarm.stop())
        return disk

    def setUp(self):
        super().setUp()
        self.make_swarm()
        self.swarm.gis.options["bulk.upload-limit"] = "4MiB/s"
        self.node = self.swarm["r1h2"]
        self.disk = self.mount(self.node.directory / "disk", mib=24)
        self.node.options.update({"store.directory": self.disk / "store", "store.reserve": "0"})
        self.swarm.start()
        self.small = self.image("small.raw", seed=1, mib=4)
        self.large = self.image("large.raw", seed=2, mib=16)
        self.publish(self.swarm.gis, self.small, "small:1")
        self.publish(self.swarm.gis, self.large, "large:1")

    def test_an_image_larger_than_the_disk_is_refused_before_anything_moves(self):
        huge = self.image("huge.raw", seed=3, mib=64)
        self.publish(self.swarm.gis, huge, "huge:1")
        self.assert_refused(NO_SPACE, ".", self.node, "get", "huge:1")
        self.assertEqual(self.node.shoal("status")["received_bytes"], 0)
        self.export_and_compare(self.node, "small:1", self.small)

    def test_a_disk_that_fills_in_the_middle_of_a_get_is_told_and_the_node_works_on(self):
        job = self.node.shoal("get", "large:1", "--no-wait")["job"]
        poll(lambda: self.node.shoal("jobs", job)["done_bytes"] > 0, what="the first pieces")
        filler = self.disk / "filler"
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(65536))
            except OSError:
                pass
        self.assert_refused(NO_SPACE, ".", self.node, "jobs", job, "--wait", timeout=30)
        self.assert_works(self.node)
        self.assertEqual({row["image"] for row in self.node.shoal("images")}, {"small:1", "large:1"})
        filler.unlink()
        answer = self.export_and_compare(self.node, "large:1", self.large)
        self.assertGreater(answer["own_store"], 0, "what came before the disk was full is of use")
        self.assertTrue(self.node.shoal("verify")["verified"])

    def test_a_publish_onto_a_full_disk_is_refused_and_leaves_nothing(self):
        huge = self.image("huge.raw", seed=3, mib=64)
        self.assert_refused(NO_SPACE, ".", self.node, "publish", huge, "--name", "huge", "--version", "1")
        self.assertEqual(len(self.node.shoal("images")), 2)
        self.assertEqual(list((self.disk / "store" / "staging").iterdir()), [])
        self.publish(self.node, self.image("other.raw", seed=9, mib=8), "other:1")

    def test_an_export_onto_a_full_disk_is_refused_and_leaves_nothing(self):
        small_disk = self.mount(self.directory / "small-disk", mib=4)
        self.assert_refused(NO_SPACE, "out.raw", self.node, "get", "large:1", "--to", small_disk / "out.raw")
        self.assertEqual(list(small_disk.iterdir()), [])
        self.export_and_compare(self.node, "large:1", self.large)


if __name__ == "__main__":
    main()
