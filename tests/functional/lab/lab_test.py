#!/usr/bin/python3
"""The lab keeps its promises: links have the rate they were given, bytes are counted on the links
they crossed, a cut is silent, and nothing stays behind, whatever gets killed.

Labels: root. Run: /usr/bin/python3 tests/functional/lab/lab_test.py
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
LAB = [sys.executable, str(ROOT / "tools" / "lab" / "lab")]
NAME = f"t{os.getpid()}"
WAIT_SECONDS_MAX = 30

# Receives on a port of the kernel's choosing, printed first; then the rate of what came after the
# first half second, in Mbit/s, and all bytes.
RECEIVER = textwrap.dedent(
    """
    import os, socket, time
    listener = socket.create_server((os.environ["SHOAL_ADDRESS"], 0))
    print(listener.getsockname()[1], flush=True)
    peer, _ = listener.accept()
    peer.settimeout(20)
    total = counted = 0
    start = last = None
    while data := peer.recv(1 << 18):
        now = time.monotonic()
        start = start or now
        total += len(data)
        if now - start > 0.5:
            if last is None:
                begin = now
            else:
                counted += len(data)
            last = now
    print(counted * 8e-6 / (last - begin) if last and last > begin else 0, total)
"""
)
SENDER = textwrap.dedent(
    """
    import socket, sys
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), 10) as peer:
        peer.sendall(bytes(int(sys.argv[3])))
"""
)
TWO_RACKS = f"""
[lab]
name = "{NAME}"
[rates_mbit]
host = 100
[[site]]
[[site.cluster]]
[[site.cluster.rack]]
hosts = ["server", "near"]
[[site.cluster.rack]]
rate_mbit = 40
hosts = ["far", "slow"]
[hosts.slow]
rate_mbit = 10
"""


def lab(*arguments, check=True, **options):
    return subprocess.run(
        [*LAB, *arguments], check=check, text=True, capture_output=True, **options
    )


def namespaces(name=NAME):
    listed = subprocess.run(
        ["ip", "netns", "list"], check=True, text=True, capture_output=True
    ).stdout
    return [line for line in listed.splitlines() if line.startswith(f"shoal-{name}-")]


def until(condition):
    """Polls for what another process brings about. @returns whether it came."""
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stream:
            return stream.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class TopologyFile(unittest.TestCase):
    """No root needed: the file's mistakes are told with their place."""

    @classmethod
    def setUpClass(cls):
        sys.dont_write_bytecode = True
        sys.path.insert(0, str(ROOT / "tools" / "lab"))

    def parse(self, text):
        import topology

        return topology.parse(text, "f.toml")

    def fault(self, text):
        import shell

        with self.assertRaises(shell.Fault) as caught:
            self.parse(text)
        return str(caught.exception)

    def test_counts_hosts_and_keeps_spelled_names(self):
        parsed = self.parse(
            "[[site]]\n[[site.cluster]]\n[[site.cluster.rack]]\nhosts = 2\n"
            '[[site.cluster.rack]]\nhosts = ["h2", "server"]'
        )
        self.assertEqual(
            [host.place for host in parsed.hosts],
            [
                "site1/cluster1/rack1/h1",
                "site1/cluster1/rack1/h3",
                "site1/cluster1/rack2/h2",
                "site1/cluster1/rack2/server",
            ],
        )

    def test_addresses_are_unique_in_a_large_lab(self):
        rack = "[[site.cluster.rack]]\nhosts = 200\n"
        parsed = self.parse(("[[site]]\n[[site.cluster]]\n" + rack * 3) * 2)
        self.assertEqual(len({host.address for host in parsed.hosts}), 1200)

    def test_generated_files_can_be_read(self):
        made = lab(
            "generate", "--hosts", "17", "--racks", "2", "--sites", "2", "--rate", "100"
        ).stdout
        parsed = self.parse(made)
        self.assertEqual(len(parsed.hosts), 17)
        self.assertEqual(parsed.hosts[0].name, "server")

    def test_mistakes_are_named(self):
        rack = "[[site]]\n[[site.cluster]]\n[[site.cluster.rack]]\n"
        self.assertIn("speed", self.fault(rack + "hosts = 2\nspeed = 3"))
        self.assertIn("two hosts are called a", self.fault(rack + 'hosts = ["a", "a"]'))
        self.assertIn("rate", self.fault(rack + "hosts = 2\nrate_mbit = -1"))
        self.assertIn("line 1", self.fault("[[site]"))
        self.assertIn(
            "[hosts.nobody]", self.fault(rack + "hosts = 2\n[hosts.nobody]\nrate_mbit = 1")
        )


@unittest.skipUnless(os.geteuid() == 0, "needs root")
class LabTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.file = self.folder / "two.toml"
        self.file.write_text(TWO_RACKS)
        self.addCleanup(lab, "down", NAME, check=False)

    def up(self):
        lab("up", str(self.file))

    def on(self, host, *command):
        return [*LAB, "exec", "--name", NAME, host, "--", *command]

    def links(self, *options):
        report = json.loads(lab("bytes", "--name", NAME, "-o", "json", *options).stdout)
        return {row["link"]: row for row in report["links"]}

    def address(self, host):
        report = json.loads(lab("status", "--name", NAME, "-o", "json").stdout)
        return next(row["address"] for row in report["hosts"] if row["host"] == host)

    def transfer(self, source, target, size):
        """Sends `size` bytes. @returns the rate in Mbit/s."""
        with subprocess.Popen(
            self.on(target, sys.executable, "-c", RECEIVER), text=True, stdout=subprocess.PIPE
        ) as receiver:
            port = receiver.stdout.readline().strip()
            subprocess.run(
                self.on(
                    source, sys.executable, "-c", SENDER, self.address(target), port, str(size)
                ),
                check=True,
            )
            rate, total = receiver.stdout.readline().split()
        self.assertEqual(int(total), size)
        return float(rate)

    def assert_gone(self):
        self.assertTrue(until(lambda: not namespaces()), f"left behind: {namespaces()}")

    def test_each_link_has_its_rate(self):
        self.up()
        # TCP's payload is 1448 of the 1514 bytes of a frame.
        for source, target, mbit in (
            ("server", "near", 100),
            ("server", "far", 40),
            ("slow", "far", 10),
        ):
            with self.subTest(f"{source} to {target}"):
                payload = mbit * 1448 / 1514
                # The median of three: one run may meet another job's burst of CPU.
                rates = sorted(self.transfer(source, target, int(mbit * 190e3)) for _ in range(3))
                self.assertAlmostEqual(rates[1], payload, delta=0.1 * payload)

    def test_hosts_have_debians_congestion_control_whatever_the_machine_has(self):
        self.up()
        setting = "/proc/sys/net/ipv4/tcp_congestion_control"
        done = subprocess.run(
            self.on("near", "cat", setting), check=True, text=True, stdout=subprocess.PIPE
        )
        self.assertEqual(done.stdout, "cubic\n")

    def test_bytes_are_counted_on_the_links_they_cross_and_no_other(self):
        self.up()
        size = 1 << 20
        self.transfer("server", "near", size)
        lab("bytes", "--name", NAME, "--reset")
        # The sender's own link is the slowest, so nothing is lost and sent again on the way.
        self.transfer("slow", "server", size)
        links = self.links()
        crossed = (
            ("site1/cluster1/rack2/slow", "up_bytes"),
            ("site1/cluster1/rack2", "up_bytes"),
            ("site1/cluster1/rack1", "down_bytes"),
            ("site1/cluster1/rack1/server", "down_bytes"),
        )
        for link, way in crossed:
            # 66 bytes of headers for each segment of 1448 are counted.
            self.assertGreaterEqual(links[link][way], size * 1514 / 1448)
            self.assertLess(links[link][way], size * 1.07)
        for link in ("site1/cluster1/rack1/near", "site1/cluster1/rack2/far", "site1"):
            self.assertLess(links[link]["up_bytes"] + links[link]["down_bytes"], 10_000)
        self.assertGreater(self.links("--total")["site1/cluster1/rack1/near"]["down_bytes"], size)

    def test_a_saved_report_is_the_start_of_the_next(self):
        self.up()
        before = self.folder / "before.json"
        before.write_text(lab("bytes", "--name", NAME, "--total", "-o", "json").stdout)
        self.transfer("near", "server", 1 << 20)
        links = self.links("--since", str(before))
        self.assertGreaterEqual(links["site1/cluster1/rack1/near"]["up_bytes"], 1 << 20)
        self.assertEqual(links["site1/cluster1/rack2"]["level"], "rack")

    def test_a_cut_is_silent_and_heals(self):
        self.up()
        port = "7"  # nobody listens: an intact link answers by refusing
        probe = (
            "import socket, sys; s = socket.socket(); s.settimeout(1.5)\n"
            "try: s.connect((sys.argv[1], 7))\nexcept Exception as e: print(type(e).__name__)"
        )

        def connect(target):
            command = self.on("server", sys.executable, "-c", probe, self.address(target), port)
            return subprocess.run(
                command, check=True, text=True, stdout=subprocess.PIPE
            ).stdout.strip()

        self.assertEqual(connect("far"), "ConnectionRefusedError")
        lab("cut", "--name", NAME, "site1/cluster1/rack2")
        self.assertEqual(connect("far"), "TimeoutError")
        self.assertEqual(connect("near"), "ConnectionRefusedError")
        lab("heal", "--name", NAME, "site1/cluster1/rack2")
        self.assertEqual(connect("far"), "ConnectionRefusedError")
        lab("cut", "--name", NAME, "near")
        self.assertEqual(connect("near"), "TimeoutError")

    def test_exec_on_all_tells_which_host_failed(self):
        self.up()
        done = lab(
            "exec",
            "--name",
            NAME,
            "-o",
            "json",
            "--all",
            "--",
            "sh",
            "-c",
            'echo "$SHOAL_PLACE"; test "$SHOAL_HOST" != far',
            check=False,
        )
        rows = json.loads(done.stdout)
        self.assertEqual(done.returncode, 3)
        self.assertEqual([row["host"] for row in rows if row["exit_code"]], ["far"])
        self.assertEqual(rows[1]["stdout"], "site1/cluster1/rack1/near\n")

    def test_down_ends_the_processes_inside(self):
        self.up()
        with subprocess.Popen(self.on("near", "sleep", "1000")) as sleeper:
            self.assertTrue(
                until(
                    lambda: json.loads(lab("status", "--name", NAME, "-o", "json").stdout)[
                        "processes"
                    ]
                    == 1
                )
            )
            lab("down", NAME)
            self.assertEqual(sleeper.wait(WAIT_SECONDS_MAX), -signal.SIGKILL)
        self.assert_gone()

    def start_run(self, wrapper=()):
        """`lab run` of a command that leaves a daemon on a host; with its pids."""
        pids = self.folder / "pids"
        inner = (
            f"{' '.join(LAB)} exec near -- sleep 1000 & "
            f"echo $! >{pids}.part; echo $$ >>{pids}.part; mv {pids}.part {pids}; wait"
        )
        started = subprocess.Popen([*wrapper, *LAB, "run", str(self.file), "--", "sh", "-c", inner])
        self.addCleanup(started.wait)
        self.addCleanup(started.kill)
        self.assertTrue(until(pids.exists))
        return started, [int(line) for line in pids.read_text().split()]

    def test_run_cleans_up_when_killed_by_9(self):
        started, pids = self.start_run()
        self.assertEqual(len(namespaces()), 5)
        started.send_signal(signal.SIGKILL)
        self.assert_gone()
        self.assertTrue(until(lambda: not any(map(is_alive, pids))))

    def test_run_cleans_up_when_its_parent_is_killed_by_9(self):
        # The second command keeps the shell from becoming the lab.
        started, pids = self.start_run(("sh", "-c", '"$@"; true', "sh"))
        started.send_signal(signal.SIGKILL)
        self.assert_gone()
        self.assertTrue(until(lambda: not any(map(is_alive, pids))))

    def test_run_gives_the_commands_exit_code_and_cleans_up(self):
        self.assertEqual(
            lab("run", str(self.file), "--", "sh", "-c", "exit 42", check=False).returncode, 42
        )
        self.assert_gone()

    def test_up_cleans_up_when_killed_by_9_anywhere(self):
        for delay_ms in range(20, 200, 20):
            with subprocess.Popen(
                [*LAB, "up", str(self.file)], stderr=subprocess.DEVNULL
            ) as started:
                time.sleep(delay_ms / 1000)  # not a wait: the moment of the kill
                started.kill()
            finished = lab("status", "--name", NAME, check=False).returncode == 0
            if not finished:
                self.assert_gone()
            lab("down", NAME)
        self.up()
        self.assertEqual(len(namespaces()), 5)

    def test_up_replaces_a_leftover_but_not_a_lab_in_use(self):
        self.up()
        self.assertIn("removing", lab("up", str(self.file)).stderr)
        lab("down", NAME)
        self.start_run()
        refused = lab("up", str(self.file), check=False)
        self.assertEqual(refused.returncode, 10)
        self.assertIn("in use by process", refused.stderr)


if __name__ == "__main__":
    unittest.main()
