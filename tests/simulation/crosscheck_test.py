#!/usr/bin/python3
"""The simulator and real daemons agree on one small rack: bytes per link within 5 %, times within 15 %.

The whole comparison is `tools/crosscheck`; this runs its quickest scenario.
"""

import os
import pathlib
import subprocess
import sys

CROSSCHECK = pathlib.Path(__file__).resolve().parents[2] / "tools" / "crosscheck"


def main():
    done = subprocess.run(
        [CROSSCHECK, "--binaries", os.environ["SHOAL_BIN"], "--scenarios", "one-rack", "--runs", "1"])
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
