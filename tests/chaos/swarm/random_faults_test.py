"""Hosts publish, get, are killed, restarted and told to verify in random order, the general index server
too; at the end every host gets every image, and each comes out as it was published.

How: six hosts in two racks, about a minute, one order per seed. The seed is printed; SHOAL_SEED=N runs it
again, SHOAL_SECONDS=N for longer.
"""

import os
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "functional"))

from story import Story, ShoalError, change_image, main, sha256  # noqa: E402

SEED = int(os.environ.get("SHOAL_SEED", "0")) or int.from_bytes(os.urandom(4), "little")
SECONDS = int(os.environ.get("SHOAL_SECONDS", "60"))
IMAGES_MAX = 8


class RandomFaultsTest(Story):
    racks = (3, 3)
    options = {"bulk.upload-limit": "12MiB/s"}

    def setUp(self):
        super().setUp()
        print(f"seed {SEED}", file=sys.stderr)
        self.random = random.Random(SEED)
        # Image name to its file; an entry means that the swarm acknowledged it.
        self.known = {}
        self.running = []
        self.log = []

    def note(self, what):
        self.log.append(f"{time.strftime('%H:%M:%S')} {what}")

    def any_alive(self):
        return self.random.choice([node for node in self.swarm.nodes if node.alive()])

    def publish_something(self):
        if len(self.known) >= IMAGES_MAX:
            return
        number = len(self.log)
        file = self.directory / f"image{number}.raw"
        if self.known and self.random.random() < 0.6:
            change_image(self.random.choice(list(self.known.values())), file, seed=self.random.random())
        else:
            self.image(file.name, seed=self.random.random(), mib=self.random.choice((4, 8, 16)))
        node = self.any_alive()
        name = f"image:{number}"
        self.note(f"publish {name} on {node.name}")
        try:
            self.publish(node, file, name, "--timeout", "10")
        except ShoalError as fault:
            # The server may be on its way back; a refusal for other reasons is a fault of ours.
            self.assertIn(fault.code, (7, 75), fault)
            return
        self.known[name] = file

    def get_something(self):
        if not self.known:
            return
        node, name = self.any_alive(), self.random.choice(list(self.known))
        self.note(f"get {name} on {node.name}")
        self.running.append((node, node.start_shoal("get", name)))

    def kill_something(self):
        alive = [node for node in self.swarm.nodes if node.alive()]
        if len(alive) < 4:
            return
        victim = self.random.choice(alive)
        self.note(f"kill {victim.name}")
        victim.kill()

    def stop_something(self):
        node = self.any_alive()
        self.note(f"restart {node.name}")
        node.stop()
        self.assertEqual(node.process.returncode, 0, f"{node.name} ended badly\n{node.last_words()}")
        self.swarm.start_node(node)

    def revive(self):
        for node in self.swarm.nodes:
            if not node.alive() and self.random.random() < 0.7:
                self.note(f"start {node.name}")
                self.swarm.start_node(node)

    def check_nobody_died_of_itself(self, killed):
        for node in self.swarm.nodes:
            self.assertTrue(node.alive() or node in killed, f"{node.name} died by itself\n{node.last_words()}")

    def test_after_any_faults_every_host_gets_every_image(self):
        self.start_swarm()
        steps = [self.publish_something, self.get_something, self.get_something, self.get_something,
                 self.kill_something, self.stop_something, self.revive, self.revive]
        end = time.monotonic() + SECONDS
        killed = set()
        try:
            while time.monotonic() < end:
                step = self.random.choice(steps)
                before = {node for node in self.swarm.nodes if node.alive()}
                step()
                if step == self.kill_something:
                    killed |= {node for node in before if not node.alive()}
                killed = {node for node in killed if not node.alive()}
                self.check_nobody_died_of_itself(killed)
                time.sleep(self.random.random() * 0.5)
            for node in self.swarm.nodes:
                if not node.alive():
                    self.swarm.start_node(node)
            for node in self.swarm.nodes:
                node.wait_until_joined(60)
            for node, getting in self.running:
                getting.communicate(timeout=60)
            # A publish whose publisher was killed after the acknowledgement lives on its disk.
            self.assertEqual({row["image"] for row in self.swarm.gis.shoal("images")} >= set(self.known), True)
            self.assertGreater(len(self.known), 1)
            for name, file in self.known.items():
                self.swarm.everywhere("get", name, timeout=120)
                for node in self.swarm.nodes:
                    out = self.directory / f"{node.name}.raw"
                    self.assertTrue(node.shoal("get", name, "--to", out)["verified"])
                    self.assertEqual(sha256(out), sha256(file), f"{name} on {node.name}")
            for node in self.swarm.nodes:
                self.assertTrue(node.shoal("verify")["verified"])
        except BaseException:
            print("\n".join(self.log), file=sys.stderr)
            raise


if __name__ == "__main__":
    main()
