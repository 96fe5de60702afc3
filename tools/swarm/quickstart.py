"""What tools/quickstart shows: images published on one host and got on five others."""

import argparse
import re
import sys
import tempfile
import time
from pathlib import Path

from swarm.node import ShoalError
from swarm.swarm import Swarm


def say(text=""):
    print(text, file=sys.stderr, flush=True)


def size(count):
    """`4.2 MiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024 or unit == "GiB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024


def parse_images(arguments):
    """`NAME:VERSION=FILE` or `FILE`, whose name then names the image."""
    images = []
    for argument in arguments:
        named = re.fullmatch(r"([^/=]+:[^/=]+)=(.+)", argument)
        if named:
            images.append((named.group(1), Path(named.group(2))))
        else:
            path = Path(argument)
            images.append((re.sub(r"[^A-Za-z0-9._-]", "-", path.stem).lstrip("._-") + ":1", path))
    return images


def table(rows):
    """Columns aligned: text left, figures right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [cell.ljust(width) if i == 0 else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def publish(swarm, name, file, parent):
    arguments = ["publish", str(file), "--name", name.split(":")[0], "--version", name.split(":")[1]]
    if parent:
        arguments += ["--parent", parent]
    begin = time.monotonic()
    done = swarm.gis.shoal(*arguments)
    say(f"published {name} on {swarm.gis.name} in {time.monotonic() - begin:.1f} s: {size(done['data_bytes'])} of data, "
        f"{size(done['new_bytes'])} of it new, a pack of {size(done['pack_bytes'])}")


def get_everywhere(swarm, name):
    others = [node for node in swarm.nodes if node is not swarm.gis]
    begin = time.monotonic()
    answers = swarm.everywhere("get", name, nodes=others)
    say(f"all {len(others)} other hosts have {name} after {time.monotonic() - begin:.1f} s\n")
    rows = [("host", "needed", "own store", "own rack", "elsewhere", "time", "verified")]
    for node in others:
        answer = answers[node.name]
        elsewhere = answer["own_site"] + answer["other_sites"]
        rows.append((node.name, size(answer["needed_bytes"]), size(answer["own_store"]), size(answer["own_rack"]),
                     size(elsewhere), f"{answer['seconds']:.1f} s", "yes" if answer["verified"] else "NO"))
    print(f"{name}\n{table(rows)}\n", flush=True)
    return all(answer["verified"] for answer in answers.values())


def main():
    parser = argparse.ArgumentParser(prog="tools/quickstart")
    parser.add_argument("--binaries", required=True)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("images", nargs="+")
    given = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="shoal-quickstart-"))
    swarm = Swarm.on_loopback(directory, Path(given.binaries).resolve(), racks=2, hosts_per_rack=3)
    verified = True
    try:
        say(f"starting six hosts in two racks; everything is in {directory}")
        swarm.start()
        parent = None
        for name, file in parse_images(given.images):
            publish(swarm, name, file, parent)
            parent = name
            verified = get_everywhere(swarm, name) and verified
        if given.keep:
            say(f"the swarm runs on; try: {given.binaries}/shoal --socket {swarm.gis.socket} status\n"
                "Press Enter to end it.")
            sys.stdin.readline()
    except ShoalError as fault:
        say(f"quickstart: {fault}\nThe logs are in {directory}/*/shoald.log")
        swarm.stop()
        return fault.code if 0 < fault.code < 128 else 1
    except KeyboardInterrupt:
        verified = False
    swarm.remove()
    return 0 if verified else 5


if __name__ == "__main__":
    sys.exit(main())
