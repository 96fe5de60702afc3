"""One shoald process and the commands that are asked of it."""

import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path


class ShoalError(Exception):
    """A command failed; `code` is its exit code (shoal(1), EXIT CODES)."""

    def __init__(self, command, code, text):
        super().__init__(f"{' '.join(map(str, command))}: exit {code}: {text.strip()}")
        self.code = code
        self.text = text


class Node:
    """A host of the swarm. Everything it keeps is in `directory`."""

    def __init__(self, name, place, address, directory, binaries, prefix=(), options=None):
        self.name = name
        self.place = place
        self.address = address
        self.directory = Path(directory)
        self.binaries = Path(binaries)
        # Put before each command, such as `ip netns exec NAME`.
        self.prefix = list(prefix)
        # More flags for shoald, such as {"store.quota": "1GiB"}.
        self.options = dict(options or {})
        self.process = None
        self.link_port = 7440
        self.bulk_port = 7441

    @property
    def socket(self):
        # Unix socket paths are short (107 bytes), working directories may be deep.
        return Path("/tmp") / f"shoal-{os.getpid()}-{abs(hash(str(self.directory))) % 10**8}-{self.name}.sock"

    @property
    def log(self):
        return self.directory / "shoald.log"

    def flags(self, is_gis, gis, authority):
        """Command-line flags of this node's daemon."""
        given = {
            "name": self.name,
            "place": self.place,
            "store.directory": self.directory / "store",
            "store.reserve": "64MiB",
            "link.address": self.address,
            "link.port": self.link_port,
            "bulk.port": self.bulk_port,
            "bulk.tls": "off",
            "tls.certificate": self.directory / "host.crt",
            "tls.key": self.directory / "host.key",
            "tls.authority": authority,
            "api.socket": self.socket,
        }
        if is_gis:
            given["gis.database"] = self.directory / "catalogue.sqlite"
        else:
            given["gis.addresses"] = gis
        given.update(self.options)
        # What this machine itself is configured for has no say here.
        flags = ["--config", "/dev/null"] + (["--gis"] if is_gis else [])
        for key, value in given.items():
            flags += [f"--{key.replace('.', '-')}", str(value)]
        return flags

    def start(self, flags, environment=None):
        """Starts the daemon; `wait_until_joined` says when it is of use."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, str(self.binaries / "shoald"), *flags],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
                start_new_session=True)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def wait_until_joined(self, seconds=30):
        """Waits until the node is a member and its rack has an index."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.alive():
                raise ShoalError(["shoald"], self.process.returncode, self.last_words())
            try:
                status = self.shoal("status")
                if status["state"] == "joined" and status["rack_index"]:
                    return status
            except ShoalError:
                pass
            time.sleep(0.05)
        raise ShoalError(["shoald"], 7, f"{self.name} did not join within {seconds} s:\n{self.last_words()}")

    def last_words(self, lines=15):
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

    def command(self, *arguments):
        return [*self.prefix, str(self.binaries / "shoal"), "--socket", str(self.socket), *map(str, arguments)]

    def shoal(self, *arguments, timeout=600):
        """Runs a `shoal` command and answers its JSON."""
        command = self.command("-o", "json", "--no-progress", *arguments)
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
        if done.returncode != 0:
            raise ShoalError(command, done.returncode, done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else None

    def start_shoal(self, *arguments):
        """Starts a `shoal` command and answers the process."""
        return subprocess.Popen(self.command("-o", "json", "--no-progress", *arguments),
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def signal(self, number):
        if self.alive():
            # The prefix may be another process around the daemon: the whole session gets it.
            os.killpg(self.process.pid, number)

    def stop(self, seconds=15):
        """Ends the daemon as a service manager would."""
        if not self.alive():
            return
        self.signal(signal.SIGTERM)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def remove_socket(self):
        """Deletes what a killed daemon left outside of its directory; one that ended by itself left nothing."""
        if not self.alive():
            self.socket.unlink(missing_ok=True)
            self.socket.with_name(f"{self.socket.name}.lock").unlink(missing_ok=True)

    def kill(self):
        """kill -9."""
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()


def free_port(address):
    """A TCP port nobody uses at `address` now."""
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]
