"""What the stories of this folder share: a swarm of real daemons for each test, small images made by
a seed, and waiting for a condition with a deadline.

A story is a file `NAME_test.py`; ctest runs each alone, with the programs of its build folder:
    SHOAL_BIN=build/release/bin PYTHONPATH=tools:tests/functional /usr/bin/python3 tests/functional/NAME_test.py
SHOAL_KEEP=1 keeps the directory of a test (with the logs) and says where it is.
"""

import fcntl
import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from swarm import Node, ShoalError, Swarm  # noqa: E402

BINARIES = Path(os.environ.get("SHOAL_BIN", ROOT / "build" / "release" / "bin")).resolve()
MIB = 1 << 20
PIECE_BYTES = 64 * 1024

# Exit codes of shoal(1).
FAILED, USAGE, PARTIAL, NOT_FOUND, CORRUPT, DENIED, UNREACHABLE, NO_SPACE, PERMISSION, CONFLICT = range(1, 11)


def poll(condition, seconds=20, what="the condition"):
    """Answers the first true value of `condition()`; fails after the deadline."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise AssertionError(f"{what} did not come true within {seconds} s")
        time.sleep(0.02)


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while part := file.read(MIB):
            digest.update(part)
    return digest.hexdigest()


def make_image(path, seed, mib=16):
    """A raw image: stretches of noise, of text that compresses, and of zeros (holes)."""
    source = random.Random(seed)
    words = [source.randbytes(6).hex().encode() for _ in range(500)]
    with open(path, "wb") as file:
        file.truncate(mib * MIB)
        at = 0
        while at < mib * MIB:
            length = min(source.choice((64, 128, 256, 512)) * 1024, mib * MIB - at)
            kind = source.random()
            if kind < 0.6:
                file.seek(at)
                file.write(source.randbytes(length))
            elif kind < 0.85:
                text = b" ".join(source.choices(words, k=length // 12))[:length]
                file.seek(at)
                file.write(text)
            at += length
    return Path(path)


def change_image(path, new_path, seed, changes=6):
    """A copy of an image in which some stretches of 64 KiB differ."""
    source = random.Random(seed)
    shutil.copyfile(path, new_path)
    with open(new_path, "r+b") as file:
        size = os.path.getsize(path)
        for _ in range(changes):
            file.seek(source.randrange(0, size - 65536) // 4096 * 4096)
            file.write(source.randbytes(65536))
    return Path(new_path)


class StoryNode(Node):
    """A node whose commands must end soon: a get that hangs shall fail its story, not its caller's patience."""

    def shoal(self, *arguments, timeout=60):
        return super().shoal(*arguments, timeout=timeout)


class LoopbackNetwork:
    """127.N.0.0/16 for one swarm, so that swarms run beside one another with the same ports."""

    def __init__(self):
        # 127.0 to 127.9 stay free for people.
        for number in random.sample(range(10, 250), 240):
            self._lock = open(f"/tmp/shoal-loopback-{number}.lock", "w", encoding="ascii")
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Its last owner may have removed what was just opened; then it excludes nobody.
                if os.path.samestat(os.fstat(self._lock.fileno()), os.stat(self._lock.name)):
                    self.number = number
                    return
            except OSError:
                pass
            self._lock.close()
        raise RuntimeError("no 127.N.0.0/16 is free")

    def address(self, rack, host):
        return f"127.{self.number}.{rack}.{host}"

    def close(self):
        Path(self._lock.name).unlink(missing_ok=True)
        self._lock.close()


class Story(unittest.TestCase):
    """Gives each test a directory, and swarms that end with it."""

    # Hosts per rack of the swarm that `start_swarm` starts.
    racks = (2,)
    # The place of each rack's hosts, but for the rack's name; of one cluster unless told.
    clusters = ()
    options = {}

    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix="shoal-story-"))
        self.network = LoopbackNetwork()
        self.addCleanup(self._clean)
        self.swarm = None

    def _clean(self):
        if self.swarm:
            self.swarm.stop()
        self.network.close()
        if os.environ.get("SHOAL_KEEP"):
            print(f"\n{self.id()}: {self.directory}", file=sys.stderr)
        else:
            shutil.rmtree(self.directory, ignore_errors=True)

    def make_node(self, name, rack, number, **options):
        cluster = self.clusters[rack - 1] if self.clusters else "here/c1"
        return StoryNode(name, f"{cluster}/rack{rack}", self.network.address(rack, number), self.directory / name,
                         BINARIES, options={**self.options, **options})

    def make_swarm(self):
        """Hosts r1h1 (the general index server), r1h2, ..., r2h1, ...; none runs yet."""
        nodes = [self.make_node(f"r{rack}h{number}", rack, number)
                 for rack, count in enumerate(self.racks, 1) for number in range(1, count + 1)]
        self.swarm = Swarm(self.directory, BINARIES, nodes)
        return self.swarm

    def start_swarm(self):
        self.make_swarm().start()
        return self.swarm

    def start(self, node):
        """Starts a node (again) and waits until it is of use."""
        self.swarm.prepare()
        self.swarm.start_node(node)
        return node.wait_until_joined()

    def image(self, name="image.raw", seed=1, mib=16):
        return make_image(self.directory / name, seed, mib)

    def publish(self, node, file, image, *more):
        name, version = image.split(":")
        return node.shoal("publish", file, "--name", name, "--version", version, *more)

    def export_and_compare(self, node, image, original):
        """The image on `node`, byte for byte the original. Answers what `get` reported."""
        out = self.directory / f"out-{node.name}-{time.monotonic_ns()}.raw"
        answer = node.shoal("get", image, "--to", out)
        self.assertTrue(answer["verified"])
        self.assertEqual(sha256(out), sha256(original), f"{image} on {node.name} differs from what was published")
        out.unlink()
        return answer

    def assert_refused(self, code, pattern, node, *arguments, timeout=60):
        """The command fails with this exit code and a sentence that matches."""
        with self.assertRaises(ShoalError) as refused:
            node.shoal(*arguments, timeout=timeout)
        self.assertEqual(refused.exception.code, code, refused.exception)
        self.assertRegex(refused.exception.text, pattern)
        return refused.exception.text

    def assert_works(self, node):
        self.assertTrue(node.alive(), node.last_words())
        self.assertIn(node.shoal("status")["state"], ("joined", "gis"))

    def packs_of(self, node):
        """Pack id to its data file in the node's store."""
        return {path.stem: path for path in (node.directory / "store").rglob("*.pack")}

    def wait_for_holders(self, node, image, count):
        def held():
            return next((row["holder_count"] for row in node.shoal("images") if row["image"] == image), 0) >= count
        poll(held, what=f"{count} holders of {image}")


def flip(path, offset, count=16):
    """Turns some bytes of a file over, behind the back of whoever has it open."""
    with open(path, "r+b", buffering=0) as file:
        file.seek(offset)
        old = file.read(count)
        file.seek(offset)
        file.write(bytes(byte ^ 0xFF for byte in old))


def run_daemon(arguments, seconds=20):
    """A daemon that is expected to end by itself. Answers exit code and what it said."""
    done = subprocess.run([str(BINARIES / "shoald"), *map(str, arguments)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=seconds)
    return done.returncode, done.stdout + done.stderr


def main():
    unittest.main(verbosity=2)
