#!/usr/bin/python3
"""The benchmark keeps its promises: one object per rival and form with the fields scripts rely on,
every rival delivers, a rival that fails does not stop the others, and nothing stays behind,
whatever gets killed. Small images and few hosts: no figure is judged here.

Labels: root. Run: /usr/bin/python3 tests/functional/bench/bench_test.py
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
BENCH = [sys.executable, "-B", str(ROOT / "tools" / "bench")]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tools"))

from benchmark import images, results  # noqa: E402
from benchmark.rivals import tree  # noqa: E402

FIELDS = {
    "rival",
    "form",
    "last_over_bound",
    "median_over_bound",
    "server_bytes",
    "rack_border_bytes",
    "cpu_seconds_per_gb",
    "verified",
}
DATA_BYTES = 2 << 20
BINARIES = pathlib.Path(os.environ.get("SHOAL_BIN", ROOT / "build" / "release" / "bin")).resolve()
BUILT = (BINARIES / "shoald").exists()
WAIT_SECONDS_MAX = 60


def namespaces_of(process):
    done = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if f"bench{process.pid}-" in line]


def wait_until(true, what):
    end = time.monotonic() + WAIT_SECONDS_MAX
    while not true():
        if time.monotonic() > end:
            raise AssertionError(f"not within {WAIT_SECONDS_MAX} s: {what}")
        time.sleep(0.05)


class BenchTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.work = self.folder / "work"
        self.image = self.folder / "disk.img"
        with open(self.image, "wb") as stream:
            stream.truncate(16 << 20)
            stream.seek(4 << 20)
            stream.write(os.urandom(DATA_BYTES))

    def command(self, *arguments):
        files = ("--image", self.image, "--work", self.work, "--cache", self.folder / "cache")
        files += ("--binaries", BINARIES)
        return [*BENCH, "lan", *map(str, files), *map(str, arguments)]

    def run_lan(self, *arguments, code=0):
        given = ("--hosts", 3, "--racks", 2, "--rate", 80, *arguments)
        done = subprocess.run(self.command(*given), capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout

    def test_the_help_and_the_readme_name_the_same_default_rate(self):
        wide = {**os.environ, "COLUMNS": "200"}
        told = subprocess.run([*BENCH, "lan", "--help"], capture_output=True, text=True, env=wide)
        self.assertIn("of the hosts' links (50)", told.stdout)
        readme = (ROOT / "tools" / "benchmark" / "README.md").read_text()
        self.assertIn("(`--rate`, 50 Mbit/s)", readme)

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_every_rival_delivers_and_is_reported_with_the_stable_fields(self):
        rivals = "curl,aria2,libtorrent,tree"
        runs = self.folder / "runs.csv"
        rows = json.loads(
            self.run_lan(
                *("--rivals", rivals, "--bound-bytes", DATA_BYTES, "-o", "json"),
                *("--csv", runs, "--plot", self.folder / "plot.svg"),
            )
        )
        found = {(row["rival"], row["form"]) for row in rows}
        wanted = {(r, f) for r in rivals.split(",") for f in ("raw", "compressed")}
        self.assertEqual(found, wanted)
        for row in rows:
            self.assertLessEqual(FIELDS, row.keys())
            self.assertIs(row["verified"], True, row)
            self.assertGreaterEqual(row["last_over_bound"], row["median_over_bound"])
            self.assertGreater(row["bytes_per_host"], DATA_BYTES)
        # The server of HTTP sends to every host; the tree's only to two of three.
        sent = {(row["rival"], row["form"]): row["server_bytes"] for row in rows}
        self.assertGreater(sent["curl", "raw"], 3 * DATA_BYTES)
        self.assertLess(sent["tree", "raw"], 3 * DATA_BYTES)
        self.assertEqual(len(runs.read_text().splitlines()), 1 + len(wanted))
        self.assertIn("<svg", (self.folder / "plot.svg").read_text())
        self.assertEqual(list(self.work.iterdir()), [])

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_a_rival_that_is_too_late_is_reported_and_the_others_run(self):
        given = ("--forms", "raw", "--bound-bytes", DATA_BYTES, "--timeout", "0.01")
        rows = json.loads(self.run_lan("--rivals", "curl,tree", "-o", "json", *given, code=3))
        self.assertEqual([row["rival"] for row in rows], ["curl", "tree"])
        for row in rows:
            self.assertIs(row["verified"], False)
            self.assertIsNone(row["last_over_bound"])
            self.assertIn("not done", row["error"])

    @unittest.skipIf(os.geteuid() != 0 or not BUILT, "needs root and tools/build")
    def test_shoal_brings_a_second_image_by_what_it_adds(self):
        second = self.folder / "second.img"
        second.write_bytes(self.image.read_bytes())
        with open(second, "r+b") as stream:
            stream.seek(12 << 20)
            stream.write(os.urandom(1 << 20))
        given = ("--rivals", "shoal", "--forms", "raw", "--second", second, "-o", "json")
        first, added = json.loads(self.run_lan(*given))
        self.assertEqual([first["phase"], added["phase"]], ["first", "second"])
        self.assertTrue(first["verified"] and added["verified"])
        self.assertLess(added["bound_bytes"], first["bound_bytes"])
        self.assertLess(added["bytes_per_host"], DATA_BYTES)

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_nothing_stays_behind_when_it_is_ended(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
            with self.subTest(signal=number.name):
                self._end_while_delivering(number)

    def _end_while_delivering(self, number):
        # 16 Mbit at 0.2 Mbit/s: it is delivering for as long as this test needs.
        given = ("--rivals", "curl", "--forms", "raw", "--bound-bytes", DATA_BYTES)
        process = subprocess.Popen(
            self.command(*given, "--hosts", 2, "--racks", 1, "--rate", 0.2),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(process.kill)
        wait_until(lambda: list(self.work.glob("*/curl-raw-1/h*/*")), "curl receives")
        self.assertTrue(namespaces_of(process))
        process.send_signal(number)
        process.wait(WAIT_SECONDS_MAX)
        wait_until(lambda: not namespaces_of(process), "the lab is gone")
        if number == signal.SIGKILL:
            # Nobody is left to delete the files: the next benchmark does.
            self.run_lan("--rivals", "tree", "--forms", "raw", "--bound-bytes", DATA_BYTES)
        self.assertEqual(list(self.work.iterdir()), [])

    def test_wrong_usage_is_told_before_anything_is_done(self):
        for given, words in (
            (("--rivals", "pigeons"), "pigeons"),
            (("--hosts", "1", "--racks", "4"), "cannot fill"),
            (("--bound-bytes", "1,2"), "--bound-bytes"),
        ):
            done = subprocess.run(self.command(*given), capture_output=True, text=True)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(words, done.stderr)
        self.assertFalse(self.work.exists())

    def test_the_packed_form_is_the_data_without_holes(self):
        image = images.Image(self.image, self.folder / "cache")
        whole = self.image.read_bytes()
        self.assertEqual(image.packed.read_bytes(), whole[4 << 20 :][:DATA_BYTES])
        self.assertEqual(image.shipped("raw"), image.packed)
        self.assertEqual(image.data_bytes, DATA_BYTES)


class TreeTest(unittest.TestCase):
    def test_holders_double_in_every_wave(self):
        count = 16
        arrival = {0: 0}
        for rank in range(1, count):
            parent = tree.parent_of(rank)
            turn = tree.children_of(parent, count).index(rank) + 1
            arrival[rank] = arrival[parent] + turn
        self.assertEqual(max(arrival.values()), 4)
        self.assertEqual(sorted(arrival.values()).count(1), 1)
        self.assertEqual(sorted(arrival.values()).count(4), 8)


class ResultsTest(unittest.TestCase):
    def test_a_summary_is_the_median_and_verified_only_when_every_run_was(self):
        def row(run, last, verified):
            fixed = dict.fromkeys(results._FIXED, 1)
            names = {"rival": "tree", "form": "raw", "phase": "first", "run": run}
            error = None if verified else "what arrived is not what was sent"
            return {**fixed, **names, "last_over_bound": last, "verified": verified, "error": error}

        rows = [row(1, 2.0, True), row(2, 9.0, False), row(3, 3.0, True)]
        (summary,) = results.summarise(rows)
        self.assertEqual(summary["last_over_bound"], 3.0)
        self.assertEqual(summary["last_over_bound_max"], 9.0)
        self.assertIs(summary["verified"], False)
        self.assertIn("not what was sent", summary["error"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
