"""Publishing and exporting on one host, beside zstd, SHA-256 and the disk.

All rates are MB of the image's data (without zeros) a second, all inputs in the page cache. The
image's data is cut into one part a core, so that single-threaded programs use all cores too.
"""

import os
import shutil
import statistics
import subprocess
import time

from benchmark import loopback
from benchmark.fault import Fault, require, say
from benchmark.images import Image, sha256_of
from benchmark.measure import work_folder
from benchmark.processes import cpu_seconds_of_trees
from benchmark.rivals import shoal as shoal_rival

_COPY_BYTES = 8 << 20


def _seconds_of(*commands):
    """Of the commands at once."""
    start = time.monotonic()
    running = [
        subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for command in commands
    ]
    try:
        for command, process in zip(commands, running):
            _, words = process.communicate()
            if process.returncode:
                raise Fault(f"{command[0]} failed: {words.decode(errors='replace').strip()}")
    finally:
        for process in running:
            process.kill()
    return time.monotonic() - start


def _split(path, folder, count):
    """@returns the paths of `count` parts of the file, about equally long."""
    share = -(-path.stat().st_size // count)
    parts = []
    with open(path, "rb") as source:
        for index in range(count):
            parts.append(folder / f"part{index}")
            with open(parts[-1], "wb") as target:
                missing = share
                while missing and (data := source.read(min(missing, _COPY_BYTES))):
                    target.write(data)
                    missing -= len(data)
    return parts


def _beside(image, folder, cores):
    """name -> seconds of what Shoal is compared with, once."""
    packed, out = image.packed, folder / "out"
    parts = _split(packed, folder, cores)
    found = {
        "zstd_1": _seconds_of(("zstd", "-q", "-1", f"-T{cores}", "-c", packed)),
        "sha256": _seconds_of(*(("openssl", "dgst", "-sha256", part) for part in parts)),
    }
    _seconds_of(*(("zstd", "-q", "-1", "-f", part) for part in parts))
    _seconds_of(("zstd", "-q", "-1", "-f", packed, "-o", folder / "whole.zst"))
    whole = ("zstd", "-q", "-d", "-f", folder / "whole.zst", "-o", out)
    found["zstd_d_one_core"] = _seconds_of(whole)
    out.unlink()
    expand = (("zstd", "-q", "-d", "-f", f"{part}.zst", "-o", f"{part}.out") for part in parts)
    found["zstd_d"] = _seconds_of(*expand)
    copy = ("dd", f"if={packed}", f"of={out}", f"bs={_COPY_BYTES}", "conv=fdatasync")
    found["disk_write"] = _seconds_of(copy)
    return found


def _shoal(image, folder, programs):
    """name -> seconds of Shoal's part, once; and what must hold."""
    found, facts = {}, {}
    swarm = loopback.swarm_of(["local"], folder / "swarm", programs)
    node = swarm.nodes[0]
    with swarm:
        shoal_rival.start(swarm)

        def clocked(name, work):
            before, start = _cpu_of(node), time.monotonic()
            answer = work()
            found[name] = time.monotonic() - start
            facts[f"{name}_cpu_seconds"] = _cpu_of(node) - before
            return answer

        clocked("publish", lambda: shoal_rival.publish(node, image.raw, "image"))
        again = clocked("republish", lambda: shoal_rival.publish(node, image.raw, "again"))
        facts["republish_new_bytes"] = again["new_bytes"] + again["pack_bytes"]
        target = folder / "disk.raw"
        clocked("export", lambda: node.shoal("get", "image:1", "--to", target, timeout=3600))
        facts["verified"] = shoal_rival.same_disk(target, image.raw)
    return found, facts


def _cpu_of(node):
    return cpu_seconds_of_trees([node.process.pid]).get(node.process.pid, 0.0)


def run(options):
    """@returns one row per thing measured, the ratios last."""
    require("zstd", "openssl", "cmp", "dd")
    programs = shoal_rival.binaries(options["binaries"])
    image = Image(options["image"], options["cache"])
    cores = len(os.sched_getaffinity(0))
    seconds, facts = {}, {}
    for path in (image.raw, image.packed):
        sha256_of(path)  # into the page cache
    for number in range(1, options["runs"] + 1):
        with work_folder(options["work"]) as folder:
            ours, facts = _shoal(image, folder, programs)
            shutil.rmtree(folder / "swarm", ignore_errors=True)
            for name, value in {**ours, **_beside(image, folder, cores)}.items():
                seconds.setdefault(name, []).append(value)
        say(f"run {number}: " + ", ".join(f"{n} {v[-1]:.2f} s" for n, v in seconds.items()))
    return _report(seconds, facts, image, cores, options["runs"])


def _report(seconds, facts, image, cores, runs):
    middle = {name: statistics.median(values) for name, values in seconds.items()}
    rate = {name: image.data_bytes / 1e6 / value for name, value in middle.items()}
    row = {"image": image.name, "data_bytes": image.data_bytes, "cores": cores, "runs": runs}
    row.update({f"{name}_seconds": round(value, 3) for name, value in middle.items()})
    row.update({f"{name}_mb_per_second": round(value, 1) for name, value in rate.items()})
    slower = min(rate["zstd_1"], rate["sha256"])
    lower = min(rate["zstd_d"], rate["disk_write"])
    row["publish_over_slower"] = round(rate["publish"] / slower, 3)
    row["export_over_zstd_d_one_core"] = round(rate["export"] / rate["zstd_d_one_core"], 3)
    row["export_over_zstd_d"] = round(rate["export"] / rate["zstd_d"], 3)
    row["export_over_lower_of_zstd_d_and_disk"] = round(rate["export"] / lower, 3)
    row["republish_over_sha256"] = round(rate["republish"] / rate["sha256"], 3)
    row.update({key: round(value, 3) for key, value in facts.items()})
    row["verified"] = facts["verified"]
    return [row]
