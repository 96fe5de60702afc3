"""What a service manager hears of a daemon: that it is ready, that it is well as long as it is, that it stops.

How: a datagram socket of ours is $NOTIFY_SOCKET of one real daemon. To let the daemon hang without ending
it, all of its threads but the main one, which feeds the watchdog, are halted (ptrace).
"""

import ctypes
import errno
import os
import signal
import socket
import time
import unittest
from pathlib import Path

from story import Story, main

INTERVAL_SECONDS = 0.1
PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17
WALL = 0x40000000


class Halted:
    """All threads of a process but its first stand still inside of `with`."""

    def __init__(self, pid):
        self.threads = [int(task.name) for task in Path(f"/proc/{pid}/task").iterdir() if int(task.name) != pid]
        self.libc = ctypes.CDLL(None, use_errno=True)

    def trace(self, request, thread):
        if self.libc.ptrace(ctypes.c_long(request), ctypes.c_long(thread), None, None) != 0:
            code = ctypes.get_errno()
            if code == errno.EPERM:
                raise unittest.SkipTest("this machine lets nobody halt threads (ptrace)")
            raise OSError(code, "ptrace")

    def __enter__(self):
        for thread in self.threads:
            self.trace(PTRACE_SEIZE, thread)
            self.trace(PTRACE_INTERRUPT, thread)
            os.waitpid(thread, WALL)

    def __exit__(self, *_):
        for thread in self.threads:
            self.trace(PTRACE_DETACH, thread)


class ServiceManagerTest(Story):
    racks = (1,)

    def setUp(self):
        super().setUp()
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.manager.close)
        self.node = self.make_swarm().gis

    def start_under_manager(self, address=None, **variables):
        address = address or str(self.directory / "notify")
        self.manager.bind(address.replace("@", "\0"))
        self.manager.settimeout(20)
        self.swarm.start({**os.environ, "NOTIFY_SOCKET": address, **variables})

    def start_with_watchdog(self, **variables):
        self.start_under_manager(WATCHDOG_USEC=str(int(INTERVAL_SECONDS * 3e6)), **variables)

    def hear(self):
        return self.manager.recv(4096).decode().splitlines()

    def what_is_still_to_hear(self, seconds=0.0):
        """All that was said until now, and in the next seconds."""
        heard = []
        end = time.monotonic() + seconds
        while True:
            self.manager.settimeout(max(0.0, end - time.monotonic()))
            try:
                heard += self.hear()
            except (BlockingIOError, TimeoutError):
                return heard
            finally:
                self.manager.settimeout(20)

    def test_it_is_ready_and_stopping_once_each_and_no_watchdog_is_fed_that_nobody_asked_for(self):
        self.start_under_manager()
        self.assertEqual(self.hear(), ["READY=1", "STATUS=up"])
        self.node.stop()
        self.assertEqual(self.node.process.returncode, 0)
        self.assertEqual(self.what_is_still_to_hear(), ["STOPPING=1"])

    def test_a_socket_in_the_abstract_namespace_is_found(self):
        self.start_under_manager(f"@shoal-{os.getpid()}")
        self.assertEqual(self.hear()[0], "READY=1")

    def test_the_watchdog_is_fed_until_it_stops(self):
        self.start_with_watchdog()
        self.assertEqual(self.hear()[0], "READY=1")
        begin = time.monotonic()
        for _ in range(10):
            self.assertEqual(self.hear(), ["WATCHDOG=1"])
        self.assertGreater(time.monotonic() - begin, 5 * INTERVAL_SECONDS, "it is fed more often than it is due")
        self.node.stop()
        self.assertEqual(self.what_is_still_to_hear()[-1], "STOPPING=1")

    def test_a_watchdog_meant_for_another_process_is_not_fed(self):
        self.start_with_watchdog(WATCHDOG_PID="1")
        self.assertEqual(self.hear()[0], "READY=1")
        self.assertEqual(self.what_is_still_to_hear(seconds=5 * INTERVAL_SECONDS), [])

    def test_a_daemon_that_hangs_does_not_feed_the_watchdog(self):
        self.start_with_watchdog()
        self.assertEqual(self.hear()[0], "READY=1")
        self.assertEqual(self.hear(), ["WATCHDOG=1"])
        with Halted(self.node.process.pid):
            # What was asked just before may still be answered.
            self.what_is_still_to_hear(seconds=INTERVAL_SECONDS)
            self.assertEqual(self.what_is_still_to_hear(seconds=10 * INTERVAL_SECONDS), [])
        # Alive again, it says so: it was not the signals that had been lost.
        self.assertEqual(self.hear(), ["WATCHDOG=1"])
        self.assert_works(self.node)

    def test_nothing_stays_in_the_socket_directory(self):
        for end in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(end=end.name):
                self.swarm.start()
                left = lambda: list(self.node.socket.parent.glob(f"{self.node.socket.name}*"))  # noqa: E731
                self.assertEqual(len(left()), 2, "the socket and its lock")
                self.node.signal(end)
                self.node.process.wait(20)
                if end == signal.SIGTERM:
                    self.assertEqual(left(), [], "a clean end leaves nothing")
                self.swarm.stop()
                self.assertEqual(left(), [])


if __name__ == "__main__":
    main()
