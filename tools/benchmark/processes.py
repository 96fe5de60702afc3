"""Programs that are started together, timed, and ended whatever happens."""

import contextlib
import os
import select
import signal
import subprocess
import time
from collections import Counter

from benchmark.fault import Fault

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_POLL_SECONDS = 0.02
_TERM_SECONDS = 5

# Says that it is there, waits for the gate and for its turn, becomes the program.
_AT_THE_GATE = ': > "$0"; read -r _; sleep "$1"; shift; exec "$@"'
_GOLDEN_RATIO = 0.6180339887


class Gate:
    """Holds programs back and lets them all go at one moment, or over `spread_seconds` from then on."""

    def __init__(self, folder, spread_seconds=0):
        self.folder = folder
        self.spread_seconds = spread_seconds
        folder.mkdir(parents=True, exist_ok=True)
        self.reader, self._writer = os.pipe()
        self._expected = []

    def expect(self, name):
        """A file whose coming into being says that `name` is ready."""
        path = self.folder / name
        self._expected.append(path)
        return path

    def turn_seconds(self):
        """How long after the gate the program expected last begins: evenly spread, neighbours apart."""
        return self.spread_seconds * (len(self._expected) * _GOLDEN_RATIO % 1)

    def wait_until_ready(self, processes, seconds=60):
        end = time.monotonic() + seconds
        while missing := [path.name for path in self._expected if not path.exists()]:
            processes.complain_of_the_dead()
            if time.monotonic() > end:
                raise Fault(f"{', '.join(missing)} did not get ready in {seconds} s")
            time.sleep(_POLL_SECONDS)

    def open(self):
        """@returns the moment, time.time_ns()."""
        os.close(self.reader)
        now = time.time_ns()
        os.close(self._writer)
        self._writer = None
        return now

    def close(self):
        if self._writer is not None:
            os.close(self.reader)
            os.close(self._writer)
            self._writer = None


class Program:
    """One started program; `cpu_seconds` is known once it has ended."""

    def __init__(self, name, process, log, group):
        self.name = name
        self.process = process
        self.log = log
        self.group = group
        self.code = None
        self.cpu_seconds = 0.0

    @property
    def pid(self):
        return self.process.pid

    def reap(self, block=False):
        """@returns whether it has ended."""
        if self.code is not None:
            return True
        pid, status, usage = os.wait4(self.pid, 0 if block else os.WNOHANG)
        if pid:
            self.code = self.process.returncode = os.waitstatus_to_exitcode(status)
            self.cpu_seconds = usage.ru_utime + usage.ru_stime
        return pid != 0

    def last_words(self):
        with contextlib.suppress(OSError):
            return " ".join(self.log.read_text(errors="replace").split()[-60:])
        return ""


class Processes:
    """All programs of one rival. Use as a context manager."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.programs = []
        self._adopted = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self, name, command, gate=None, prefix=(), env=None, group=""):
        """With a gate the program begins when that opens. `prefix` runs it on a host."""
        command = [str(part) for part in command]
        if gate:
            ready = str(gate.expect(name))
            command = ["sh", "-c", _AT_THE_GATE, ready, f"{gate.turn_seconds():.3f}", *command]
        return self.start_ready(name, command, gate, prefix, env, group)

    def start_ready(self, name, command, gate=None, prefix=(), env=None, group=""):
        """As start, of a program that reads its stdin to the end before it begins."""
        log = self.folder / f"{name}.log"
        with open(log, "wb") as stream:
            process = subprocess.Popen(
                [*map(str, prefix), *map(str, command)],
                stdin=gate.reader if gate else subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                env={**os.environ, "LC_ALL": "C", **(env or {})},
                start_new_session=True,
                cwd=self.folder,
            )
        program = Program(name, process, log, group)
        self.programs.append(program)
        return program

    def adopt(self, name, pid):
        """Counts the CPU of a process that somebody else started and ends."""
        self._adopted.append((name, pid))

    def complain_of_the_dead(self):
        for program in self.programs:
            if program.reap():
                raise Fault(f"{program.name} ended with {program.code}: {program.last_words()}")

    def cpu_seconds(self):
        """name -> user and system seconds so far, children included."""
        for program in self.programs:
            program.reap()
        ended = [p for p in self.programs if p.code is not None]
        alive = [(p.name, p.pid) for p in self.programs if p.code is None] + self._adopted
        totals = Counter({p.name: p.cpu_seconds for p in ended})
        used = cpu_seconds_of_trees([pid for _, pid in alive])
        for name, pid in alive:
            totals[name] += used.get(pid, 0.0)
        return totals

    def wait_done(self, names, done_folder, start_ns, seconds):
        """Waits until each program has ended well or, with a folder, a file of its name is there.

        @returns name -> seconds since the start. @raises Fault when one fails or is too late.
        """
        programs = {program.name: program for program in self.programs}
        poller, waiting, finished = select.poll(), {}, {}
        for name in names:
            handle = os.pidfd_open(programs[name].pid)
            waiting[handle] = programs[name]
            poller.register(handle, select.POLLIN)
        try:
            while len(finished) < len(names):
                ready = {fd for fd, _ in poller.poll(_POLL_SECONDS * 1000)}
                now = time.time_ns()
                if done_folder:
                    _note_marks(done_folder, names, start_ns, finished)
                for handle in ready & waiting.keys():
                    program = waiting.pop(handle)
                    poller.unregister(handle)
                    os.close(handle)
                    program.reap(block=True)
                    if program.code or done_folder:
                        words = program.last_words()
                        raise Fault(f"{program.name} ended with {program.code}: {words}")
                    finished[program.name] = (now - start_ns) / 1e9
                if (now - start_ns) / 1e9 > seconds:
                    late = sorted(set(names) - finished.keys())
                    raise Fault(f"not done in {seconds:.0f} s: {', '.join(late)}")
        finally:
            for handle in waiting:
                os.close(handle)
        return finished

    def stop(self, group=None):
        """Ends the programs (of one group), first kindly."""
        chosen = [p for p in self.programs if group is None or p.group == group]
        for number in (signal.SIGTERM, signal.SIGKILL):
            for program in chosen:
                if not program.reap():
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(program.pid, number)
            end = time.monotonic() + _TERM_SECONDS
            while time.monotonic() < end and not all(p.reap() for p in chosen):
                time.sleep(_POLL_SECONDS)
        self.programs = [p for p in self.programs if p not in chosen]


def _note_marks(folder, names, start_ns, finished):
    for name in os.listdir(folder):
        if name in names and name not in finished:
            finished[name] = (os.stat(folder / name).st_mtime_ns - start_ns) / 1e9


def cpu_seconds_of_trees(pids):
    """pid -> user and system seconds of that process and all below it, the ended ones included."""
    parents, seconds = {}, {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{name}/stat") as stream:
                fields = stream.read().rpartition(")")[2].split()
            parents[int(name)] = int(fields[1])
            seconds[int(name)] = sum(map(int, fields[11:15])) / _TICKS_PER_SECOND
    totals = dict.fromkeys((pid for pid in pids if pid in seconds), 0.0)
    for pid, used in seconds.items():
        ancestor = pid
        while ancestor and ancestor not in totals:
            ancestor = parents.get(ancestor, 0)
        if ancestor:
            totals[ancestor] += used
    return totals
