"""Publishing the same content again stores nothing and moves nothing, whatever was published or removed in between
and whatever the name: the new name means the packs that are there.

How: images of noise, some made of many scattered stretches of another, so that capping packs known chunks again.
Bytes and packs in the stores before and after; a host that has the image gets the new name without moving a byte.
"""

import random
import threading

from story import MIB, Story, main

# Chunks begin on multiples of this.
ALIGNMENT = 4096


def noise(path, seed, mib):
    path.write_bytes(random.Random(seed).randbytes(mib * MIB))
    return path


def scattered(path, seed, sources, new_bytes):
    """An image of stretches of others in random order, each followed by a little noise, and of `new_bytes` more of it.
    `sources`: (file, how many stretches, bytes of each)."""
    source = random.Random(seed)
    stretches = []
    for file, count, length in sources:
        data = file.read_bytes()
        step = len(data) // count
        places = [(n * step + source.randrange(step - length)) // ALIGNMENT * ALIGNMENT for n in range(count)]
        stretches += [data[at:at + length] for at in places]
    source.shuffle(stretches)
    with open(path, "wb") as out:
        for stretch in stretches:
            out.write(stretch)
            out.write(source.randbytes(ALIGNMENT))
        out.write(source.randbytes(new_bytes))
        out.truncate((out.tell() + MIB - 1) // MIB * MIB)
    return path


class RepublishTest(Story):
    racks = (2,)

    def held(self):
        """What all stores together hold."""
        return [(node.shoal("status")["self"]["held_bytes"], sorted(self.packs_of(node))) for node in self.swarm.nodes]

    def publish_again(self, node, file, image):
        before = self.held()
        answer = self.publish(node, file, image)
        self.assertEqual((answer["new_bytes"], answer["pack_bytes"]), (0, 0), image)
        self.assertEqual(self.held(), before, f"{image} stored something")
        return answer

    def assert_nothing_moves(self, node, image, file):
        answer = self.export_and_compare(node, image, file)
        self.assertEqual(answer["own_store"], answer["needed_bytes"], f"{image} on {node.name}")
        self.assertEqual(answer["received_from"], {})

    def test_images_published_in_between_change_nothing(self):
        swarm = self.start_swarm()
        a = noise(self.directory / "a.raw", seed=1, mib=96)
        b = scattered(self.directory / "b.raw", 2, [(a, 128, 256 * 1024)], 4 * MIB)
        c = scattered(self.directory / "c.raw", 3, [(a, 64, 192 * 1024), (b, 64, 192 * 1024)], 4 * MIB)
        one = self.publish(swarm.gis, a, "a:1")
        two = self.publish(swarm["r1h2"], b, "b:1")
        self.assertGreater(two["new_bytes"], 5 * MIB, "capping acts")
        self.publish(swarm.gis, c, "c:1")
        self.assertEqual(one["new_bytes"], 96 * MIB)
        for image, file in (("a:1", a), ("b:1", b), ("c:1", c)):
            self.export_and_compare(swarm["r1h2"], image, file)

        self.publish_again(swarm.gis, a, "a:2")
        self.publish_again(swarm.gis, a, "d:1")
        again = self.publish_again(swarm.gis, b, "b:2")
        self.publish_again(swarm["r1h2"], c, "c:1")
        self.publish_again(swarm["r1h2"], c, "e:1")
        self.assertEqual(again["waste"], two["waste"])
        rows = {row["image"]: row for row in swarm.gis.shoal("images")}
        self.assertEqual(rows["b:2"]["fetch_bytes"], rows["b:1"]["fetch_bytes"])
        self.assertEqual(rows["b:2"]["pack_bytes"], 0)
        for image, file in (("a:2", a), ("d:1", a), ("b:2", b), ("c:1", c), ("e:1", c)):
            self.assert_nothing_moves(swarm["r1h2"], image, file)
            self.assertTrue(swarm["r1h2"].shoal("verify", image)["verified"])
            self.export_and_compare(swarm.gis, image, file)

    def test_an_image_removed_in_between_changes_nothing(self):
        swarm = self.start_swarm()
        a = noise(self.directory / "a.raw", seed=1, mib=4)
        base = noise(self.directory / "base.raw", seed=2, mib=64)
        b = scattered(self.directory / "b.raw", 3, [(a, 3, 96 * 1024), (base, 96, 256 * 1024)], MIB)
        self.publish(swarm.gis, a, "a:1")
        self.publish(swarm.gis, base, "base:1")
        self.publish(swarm.gis, b, "b:1")
        gone = swarm.gis.shoal("rm", "a:1", "-y")
        self.assertEqual(gone["freed_pack_count"], 1, "b:1 has its own copies of all it shares with a:1")
        self.export_and_compare(swarm["r1h2"], "b:1", b)

        self.publish_again(swarm.gis, b, "b:2")
        self.publish_again(swarm["r1h2"], b, "x:1")
        self.publish_again(swarm["r1h2"], b, "b:1")
        for image in ("b:1", "b:2", "x:1"):
            self.assert_nothing_moves(swarm["r1h2"], image, b)

        # The packs go with the last name.
        swarm.gis.shoal("rm", "b:1", "-y")
        swarm.gis.shoal("rm", "base:1", "-y")
        self.export_and_compare(swarm["r1h2"], "x:1", b)

    def test_publishers_who_race_with_equal_content_end_with_one_pack(self):
        swarm = self.start_swarm()
        base = noise(self.directory / "base.raw", seed=1, mib=32)
        image = scattered(self.directory / "image.raw", 2, [(base, 64, 192 * 1024)], 16 * MIB)
        self.publish(swarm.gis, base, "base:1")
        threads = [threading.Thread(target=self.publish, args=(node, image, f"{node.name}:{n}"))
                   for node in swarm.nodes for n in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rows = [row for row in swarm.gis.shoal("images") if row["image"] != "base:1"]
        self.assertEqual(len(rows), 4)
        self.assertEqual(sum(row["pack_bytes"] > 0 for row in rows), 1, rows)
        self.assertLessEqual(len({pack for node in swarm.nodes for pack in self.packs_of(node)}), 2)
        for row in rows:
            for node in swarm.nodes:
                self.export_and_compare(node, row["image"], image)


if __name__ == "__main__":
    main()
