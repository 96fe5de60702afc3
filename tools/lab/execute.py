"""Running commands on the lab's hosts."""

import concurrent.futures
import ctypes
import os
import subprocess
import sys

import network
import state
from shell import NOT_FOUND, PARTIAL, Fault

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def _environment(lab, host):
    return {
        **os.environ,
        "SHOAL_LAB": lab,
        "SHOAL_HOST": host.name,
        "SHOAL_PLACE": host.place,
        "SHOAL_ADDRESS": host.address,
    }


def _enter(lab, host):
    """Moves this process into the host's network. The caller keeps the lab from being removed
    meanwhile: a process entering while `down` looks for processes would be left behind."""
    try:
        handle = os.open(f"{network.NETNS}/{network.namespace(lab, host.name)}", os.O_RDONLY)
    except FileNotFoundError:
        raise Fault(
            f"the host {host.name} is gone: was the lab {lab} removed?", NOT_FOUND
        ) from None
    failed = _libc.setns(handle, _CLONE_NEWNET)
    os.close(handle)
    if failed:
        raise Fault(f"cannot enter {host.name}: {os.strerror(ctypes.get_errno())}")


def replace_self(topology, host, command):
    """Becomes the command on that host: its pid, signals and exit code are the caller's to use."""
    with state.locked(shared=True):
        _enter(topology.name, host)
    try:
        os.execvpe(command[0], command, _environment(topology.name, host))
    except OSError as error:
        raise Fault(f"cannot run {command[0]} on {host.name}: {error.strerror}", 127) from None


def on_all(topology, command):
    """Runs the command on every host at once. @returns one row per host, in order."""
    started = []
    with state.locked(shared=True):
        # Popen returns when the child is inside and runs the command, so the lock covers it.
        for host in topology.hosts:
            started.append(_start(topology.name, host, command))
    with concurrent.futures.ThreadPoolExecutor(len(started)) as pool:
        outputs = list(pool.map(lambda child: child.communicate(), started))
    return [
        {
            "host": host.name,
            "place": host.place,
            "exit_code": child.returncode,
            "stdout": stdout,
            "stderr": stderr,
        }
        for host, child, (stdout, stderr) in zip(topology.hosts, started, outputs)
    ]


def _start(lab, host, command):
    try:
        return subprocess.Popen(
            command,
            text=True,
            errors="replace",
            env=_environment(lab, host),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: _enter(lab, host),
        )
    except FileNotFoundError:
        raise Fault(f"there is no program {command[0]}", 127) from None
    except subprocess.SubprocessError:
        raise Fault(f"cannot enter {host.name}: was the lab {lab} removed?", NOT_FOUND) from None


def print_rows(rows):
    for row in rows:
        for stream, name in ((sys.stdout, "stdout"), (sys.stderr, "stderr")):
            for line in row[name].splitlines():
                print(f"{row['host']}: {line}", file=stream)


def exit_code(rows):
    failed = sum(1 for row in rows if row["exit_code"])
    return 0 if not failed else 1 if failed == len(rows) else PARTIAL
