"""Running other programs and telling the user what goes on."""

import os
import subprocess
import sys
import time

_started = time.monotonic()


class Fault(Exception):
    """Something the user can act on; its text is the whole message."""


def say(text):
    """Progress goes to stderr, so that stdout stays parseable."""
    print(f"[{time.monotonic() - _started:5.0f} s] {text}", file=sys.stderr, flush=True)


def run(*command, log=None, env=None, stdin=None, what=None):
    """Runs a command to its end; its output goes to `log` or is kept for the error message.

    `what` completes the sentence "could not ..." of that message.
    """
    command = [str(part) for part in command]
    full_env = {
        **os.environ,
        "LC_ALL": "C.UTF-8",
        "DEBIAN_FRONTEND": "noninteractive",
        **(env or {}),
    }
    try:
        done = subprocess.run(
            command,
            env=full_env,
            input=stdin,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except FileNotFoundError:
        raise Fault(f"{command[0]} is not installed") from None
    if log:
        with open(log, "a") as stream:
            stream.write(f"$ {' '.join(command)}\n{done.stdout}")
    if done.returncode:
        tail = "\n".join("    " + line for line in done.stdout.splitlines()[-12:])
        raise Fault(f"could not {what or command[0]} (exit {done.returncode}):\n{tail}")
    return done.stdout
