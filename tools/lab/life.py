"""A lab's life: made, lent to a command, taken away, whatever gets killed on the way.

While a lab is being made or lent, a guard process watches: when the lab command or the process that
ran it dies in any way, the guard takes the lab away. The guard runs in a session of its own. If the
guard is killed as well, the next `up` of that name or `down` cleans up.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time

import network
import state
from shell import TIED, say

_RELEASE = b"r"
_TERM_SECONDS = 5
# For a killed program to leave the system call it is in.
_SETTLE_SECONDS = 0.1


class Guard:
    """The guard process of one lab, seen from the lab command."""

    def __init__(self, lab, token, parent=0):
        """`parent`: a process whose death ends the lab too; 0 = none."""
        read_end, self._write_end = os.pipe()
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lab")
        subprocess.Popen(
            [
                sys.executable,
                program,
                "guard",
                lab,
                token,
                str(read_end),
                str(os.getpid()),
                str(parent),
            ],
            pass_fds=[read_end],
            start_new_session=True,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(read_end)

    def release(self):
        """The lab may stay, or is gone already: the guard's work is over."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._write_end, _RELEASE)
        os.close(self._write_end)


def guard(lab, token, pipe, command, parent):
    """The guard process's whole life."""
    poller = select.poll()
    poller.register(pipe, select.POLLIN | select.POLLHUP)
    parent_handle = _handle_of(parent)
    if parent_handle is not None:
        poller.register(parent_handle, select.POLLIN)
    command_handle = _handle_of(command)
    ready = [fd for fd, _ in poller.poll()]
    if pipe not in ready and command_handle is not None:
        # The parent died: the lab command may clean up in its own way, for a while.
        signal.pidfd_send_signal(command_handle, signal.SIGTERM)
        poller.unregister(parent_handle)
        ready = [fd for fd, _ in poller.poll(1000 * (_TERM_SECONDS + network.DEATH_SECONDS_MAX))]
    if pipe in ready and os.read(pipe, 1) == _RELEASE:
        return
    if command_handle is not None:
        # Only now have the programs it was running got their SIGKILL.
        select.select([command_handle], [], [])
        time.sleep(_SETTLE_SECONDS)
    with state.locked():
        if state.token_of(lab) == token:  # else the name belongs to a newer lab by now
            network.remove(lab)
            state.forget(lab)


def _handle_of(pid):
    if not pid:
        return None
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def down(lab):
    """Removes the lab. Returns whether there was one."""
    with state.locked():
        there = lab in state.known_labs()
        network.remove(lab)
        state.forget(lab)
    return there


def up(topology, toml_text, owner=None, parent=0):
    """Makes the lab; a leftover of its name is removed first. Returns its guard, still on duty."""
    lab = topology.name
    with state.locked():
        state.refuse_if_owned(lab)
        if lab in state.known_labs():
            say(f"lab: removing the lab {lab} that was there")
            network.remove(lab)
            state.forget(lab)
        token = state.begin(lab, toml_text, owner)
        watcher = Guard(lab, token, parent)
        try:
            network.build(topology)
        except BaseException:
            network.remove(lab)
            state.forget(lab)
            watcher.release()
            raise
        state.finish(lab)
    return watcher


class _Stopped(Exception):
    def __init__(self, number):
        super().__init__()
        self.number = number


def run_inside(topology, toml_text, command, detached):
    """up, the command with SHOAL_LAB set, down. Returns the command's exit code."""

    def stop(number, _frame):
        raise _Stopped(number)

    handled = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    child = watcher = None
    try:
        for number in handled:
            signal.signal(number, stop)
        watcher = up(topology, toml_text, os.getpid(), 0 if detached else os.getppid())
        child = subprocess.Popen([*TIED, *command], env={**os.environ, "SHOAL_LAB": topology.name})
        code = child.wait()
        return code if code >= 0 else 128 - code
    except _Stopped as stopped:
        return 128 + stopped.number
    finally:
        for number in handled:
            signal.signal(number, signal.SIG_IGN)
        if child and child.poll() is None:
            child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(_TERM_SECONDS)
            child.kill()
        if watcher:
            down(topology.name)
            watcher.release()
