"""Running the system's programs, and faults as sentences with an exit code."""

import shutil
import subprocess
import sys

GENERIC, USAGE, PARTIAL, NOT_FOUND, PERMISSION, BUSY = 1, 2, 3, 4, 9, 10


# Programs that die with the thread that waits for them: after a kill none goes on changing
# the network.
TIED = ("setpriv", "--pdeathsig", "KILL", "--")


class Fault(Exception):
    """Something the user can act on; its text is the whole message."""

    def __init__(self, text, code=GENERIC):
        super().__init__(text)
        self.code = code


def say(text):
    print(text, file=sys.stderr, flush=True)


def require_programs():
    for program, package in (
        ("ip", "iproute2"),
        ("tc", "iproute2"),
        ("bridge", "iproute2"),
        ("setpriv", "util-linux"),
    ):
        if not shutil.which(program):
            raise Fault(f"{program} is missing: apt-get install {package}")


def run(*command, stdin=None):
    """Its stdout. @raises Fault with the program's own words."""
    done = subprocess.run([*TIED, *command], input=stdin, text=True, capture_output=True)
    if done.returncode:
        words = (done.stderr or done.stdout).strip()
        raise Fault(f"{' '.join(command)} failed: {words}")
    return done.stdout


def batch(*command, lines):
    """Many commands of ip, tc or bridge by one process; a fault names the command that failed."""
    if not lines:
        return
    done = subprocess.run(
        [*TIED, *command, "-batch", "-"],
        input="\n".join(lines) + "\n",
        text=True,
        capture_output=True,
    )
    if done.returncode:
        words = done.stderr.strip()
        number = words.rpartition("-:")[2]
        failed = lines[int(number) - 1] if number.isdigit() else "a command"
        raise Fault(f"{' '.join(command)} {failed} failed: {words}")
