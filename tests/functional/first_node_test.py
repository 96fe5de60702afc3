"""The way from nothing to a swarm of two, as `shoald --gis --init` prints it: each command it prints is
run as printed, with only the paths and addresses of this test put in.
"""

import shlex
import shutil
import subprocess

from story import BINARIES, Story, StoryNode, main, run_daemon


class NodeAtSocket(StoryNode):
    """A node that was told where its socket is."""

    def __init__(self, name, place, address, directory, binaries, socket):
        super().__init__(name, place, address, directory, binaries)
        self._socket = socket

    @property
    def socket(self):
        return self._socket


class FirstNodeTest(Story):

    def test_the_commands_that_init_prints_make_a_swarm(self):
        etc = self.directory / "etc"
        address, second_address = self.network.address(1, 1), self.network.address(1, 2)
        flags = [*self.flags(), "--place", "paris/c1/r1", "--store-reserve", "64MiB", "--bulk-tls", "off",
                 "--api-socket", self.directory / "n1.sock"]
        code, said = run_daemon(flags)
        self.assertEqual(code, 0, said)
        self.assertEqual((etc / "host.key").stat().st_mode & 0o077, 0, "the key is for its owner only")
        self.assertEqual((etc / "ca.key").stat().st_mode & 0o077, 0, "the authority's key is for its owner only")
        commands = [shlex.split(line) for line in said.splitlines() if line.startswith("  ")]
        self.assertEqual([command[0] for command in commands], ["shoald", "shoal", "scp", "shoald"])
        start, issue, copy, start_second = commands

        first = self.node("node1", address, self.directory / "n1.sock")
        first.start(start[1:])
        self.addCleanup(first.stop)
        first.wait_until_joined()

        subprocess.run([BINARIES / "shoal", *issue[1:]], check=True, cwd=self.directory, capture_output=True)
        # What `scp -r node2 root@node2:/etc/shoal` does.
        self.assertEqual((copy[1], copy[-1]), ("-r", "root@node2:/etc/shoal"))
        second_etc = self.directory / "second-etc-shoal"
        shutil.copytree(self.directory / copy[2], second_etc)
        self.assertEqual(start_second[1:], ["--config", "/etc/shoal/shoald.toml"])
        config = second_etc / "shoald.toml"
        text = config.read_text()
        self.assertIn("/etc/shoal/host.crt", text)
        text = text.replace("/etc/shoal/", f"{second_etc}/").replace("/var/lib/shoal/", f"{self.directory}/lib2/")
        config.write_text(text)
        second = self.node("node2", second_address, self.directory / "n2.sock")
        # Both run on one machine here: own address, own socket; and a small disk.
        second.start(["--config", str(config), "--link-address", second_address, "--api-socket",
                      str(self.directory / "n2.sock"), "--store-reserve", "64MiB", "--bulk-tls", "off"])
        self.addCleanup(second.stop)
        second.wait_until_joined()

        image = self.image()
        self.publish(first, image, "web:1")
        self.export_and_compare(second, "web:1", image)

    def test_init_does_not_undo_what_is_there(self):
        etc = self.directory / "etc"
        flags = self.flags()
        code, said = run_daemon(flags)
        self.assertEqual(code, 0, said)
        before = {file.name: file.read_bytes() for file in etc.iterdir()}
        code, said = run_daemon(flags)
        self.assertEqual(code, 0, said)
        self.assertEqual({file.name: file.read_bytes() for file in etc.iterdir()}, before)

    def test_init_of_an_ordinary_host_says_what_to_do(self):
        code, said = run_daemon(["--init", "--config", self.directory / "shoald.toml", "--name", "node1"])
        self.assertEqual(code, 2)
        self.assertRegex(said, "--gis")

    def flags(self):
        """What keeps a first node out of /etc, /var and /run."""
        etc, lib = self.directory / "etc", self.directory / "lib"
        return ["--gis", "--init", "--config", etc / "shoald.toml", "--name", "node1",
                "--store-directory", lib / "store", "--gis-database", lib / "catalogue.sqlite",
                "--tls-certificate", etc / "host.crt", "--tls-key", etc / "host.key",
                "--tls-authority", etc / "ca.crt", "--link-address", self.network.address(1, 1)]

    def node(self, name, address, socket):
        return NodeAtSocket(name, "paris/c1/r1", address, self.directory / name, BINARIES, socket)


if __name__ == "__main__":
    main()
