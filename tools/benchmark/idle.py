"""What a daemon costs that does nothing, at first and with many packs known."""

import os
import shutil
import time

from benchmark import loopback
from benchmark.fault import say
from benchmark.measure import work_folder
from benchmark.processes import cpu_seconds_of_trees
from benchmark.rivals import shoal as shoal_rival

# Joining and the last publish's messages are over by then.
_SETTLE_SECONDS = 5


def _memory_bytes(pid):
    with open(f"/proc/{pid}/status") as stream:
        fields = dict(line.split(":", 1) for line in stream)
    return int(fields["VmRSS"].split()[0]) << 10


def _observe(swarm, seconds, packs):
    time.sleep(_SETTLE_SECONDS)
    pids = {node.name: node.process.pid for node in swarm.nodes}
    before, start = cpu_seconds_of_trees(pids.values()), time.monotonic()
    time.sleep(seconds)
    after, end = cpu_seconds_of_trees(pids.values()), time.monotonic()
    return [
        {
            "daemon": name,
            "packs": packs,
            "cpu_percent": round(100 * (after[pid] - before[pid]) / (end - start), 3),
            "rss_bytes": _memory_bytes(pid),
            "seconds": round(end - start, 1),
        }
        for name, pid in pids.items()
    ]


def _publish(swarm, folder, packs, pack_bytes):
    """Every image is random, so every one makes a pack."""
    path = folder / "image.raw"
    for number in range(packs):
        path.write_bytes(os.urandom(pack_bytes))
        shoal_rival.publish(swarm.gis, path, f"image{number}")
        if (number + 1) % 50 == 0:
            say(f"{number + 1} of {packs} packs published")
    path.unlink(missing_ok=True)


def run(options):
    """@returns one row per daemon and state."""
    programs = shoal_rival.binaries(options["binaries"])
    with work_folder(options["work"]) as folder:
        swarm = loopback.swarm_of(["gis", "host"], folder / "swarm", programs)
        with swarm:
            shoal_rival.start(swarm)
            rows = _observe(swarm, options["seconds"], 0)
            if options["packs"]:
                _publish(swarm, folder, options["packs"], options["pack_size"] << 10)
                rows += _observe(swarm, options["seconds"], options["packs"])
        shutil.rmtree(folder / "swarm", ignore_errors=True)
    return rows
