"""A publisher that is killed leaves an image that everybody can get, or nothing: no name without bytes, and no
bytes without a name once it is back.

How: the same host publishes different images and is killed ever later in it; and once a store is left as by a kill in
the shortest part of all.
"""

import hashlib
import time

from story import Story, main, poll


class KilledPublishTest(Story):
    racks = (2, 1)
    rounds = 16

    def publish_and_kill(self, node, image, name, after_seconds):
        """Answers whether the publish ended before the host did."""
        publishing = node.start_shoal("publish", image, "--name", name, "--version", "1")
        time.sleep(after_seconds)
        node.kill()
        publishing.communicate(timeout=30)
        return publishing.returncode == 0

    def test_an_image_is_there_whole_or_nothing_of_it_is(self):
        swarm = self.start_swarm()
        host, other = swarm["r1h2"], swarm["r2h1"]
        images = {f"web{i}": self.image(f"{i}.raw", seed=i, mib=8) for i in range(self.rounds)}
        begun = time.monotonic()
        self.publish(host, self.image("first.raw", seed=99, mib=8), "first:1")
        usual_seconds = time.monotonic() - begun
        said_done = set()
        for i, (name, image) in enumerate(images.items()):
            if self.publish_and_kill(host, image, name, 1.2 * usual_seconds * i / self.rounds):
                said_done.add(name)
            self.start(host)
        known = {row["name"] for row in swarm.gis.shoal("images")} - {"first"}
        self.assertLessEqual(said_done, known)
        for name in known:
            self.export_and_compare(other, f"{name}:1", images[name])

        needed = {pack for name in known | {"first"} for pack in self.packs_needed(swarm.gis, f"{name}:1")}
        poll(lambda: set(self.packs_of(host)) == needed, seconds=40, what="only packs of images in the store")
        self.assertEqual(list((host.directory / "store" / "staging").iterdir()), [])
        # What was cut short can be published as if nothing had been.
        for name in images.keys() - known:
            self.publish(host, images[name], f"{name}:1")
            self.export_and_compare(other, f"{name}:1", images[name])

    def test_of_two_packs_the_server_does_not_know_only_the_never_registered_one_goes(self):
        swarm = self.start_swarm()
        host = swarm["r1h2"]
        packs = []
        for i in range(2):
            self.publish(host, self.image(f"{i}.raw", seed=i, mib=4), f"web{i}:1")
            packs += set(self.packs_of(host)) - set(packs)
        registered, cut_short = packs
        host.stop()
        swarm.gis.stop()
        for file in swarm.gis.directory.glob("catalogue.sqlite*"):
            file.unlink()
        # What a kill between storing the pack and its registration leaves.
        pins = "shoal pins 1\n1 unregistered\n"
        checked = f"{pins}sha256 {hashlib.sha256(pins.encode()).hexdigest()}\n"
        (host.directory / "store" / "pins" / cut_short).write_text(checked)
        self.start(swarm.gis)
        self.start(host)
        poll(lambda: set(self.packs_of(host)) == {registered}, seconds=40, what="only the registered pack in the store")
        self.assertIn(f"pack {cut_short} is freed", host.log.read_text())

    @staticmethod
    def packs_needed(node, image):
        return [pack["pack"] for pack in node.shoal("plan", image)["packs"]]


if __name__ == "__main__":
    main()
