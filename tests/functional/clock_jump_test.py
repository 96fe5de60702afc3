"""The wall clock jumps forth and back by days under running daemons: gets under way finish, new ones work,
nobody is lost. (Certificates are judged by the wall clock: the jumps stay within their validity.)

How: a library of a few lines, compiled here and preloaded into the daemons, adds an offset to the
wall clock, also where threads wait until a wall-clock time; the offset is in a file that the test
changes. Monotonic time is left alone, as in real jumps.
"""

import os
import shutil
import subprocess
import time
import unittest

from story import Story, main, poll

SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static volatile long* offset_seconds;

__attribute__((constructor)) static void attach(void) {
  const int file = open(getenv("CLOCK_OFFSET_FILE"), O_RDONLY | O_CLOEXEC);
  void* page = mmap(0, 4096, PROT_READ, MAP_SHARED, file, 0);
  if (page != MAP_FAILED) offset_seconds = page;
}

int clock_gettime(clockid_t id, struct timespec* out) {
  static int (*real)(clockid_t, struct timespec*);
  if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
  const int done = real(id, out);
  if (!done && id == CLOCK_REALTIME && offset_seconds) out->tv_sec += *offset_seconds;
  return done;
}

int gettimeofday(struct timeval* out, void* zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &now);
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}

/* Looks every 20 ms whether the jumping clock is there yet; waking for no reason is allowed. */
int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const struct timespec* until) {
  static int (*real)(pthread_cond_t*, pthread_mutex_t*, clockid_t, const struct timespec*);
  if (!real) real = dlsym(RTLD_NEXT, "pthread_cond_clockwait");
  struct timespec now, slice;
  clock_gettime(CLOCK_REALTIME, &now);
  long left = (until->tv_sec - now.tv_sec) * 1000000000L + until->tv_nsec - now.tv_nsec;
  if (left <= 0) return ETIMEDOUT;
  if (left > 20000000L) left = 20000000L;
  clock_gettime(CLOCK_MONOTONIC, &slice);
  left += slice.tv_nsec;
  slice.tv_sec += left / 1000000000L;
  slice.tv_nsec = left % 1000000000L;
  const int woke = real(condition, mutex, CLOCK_MONOTONIC, &slice);
  return woke == ETIMEDOUT ? 0 : woke;
}
"""
DAY_SECONDS = 86400


@unittest.skipUnless(shutil.which("cc"), "needs a C compiler")
class ClockJumpTest(Story):
    racks = (2, 1)
    options = {"bulk.upload-limit": "3MiB/s"}

    def setUp(self):
        super().setUp()
        source, library = self.directory / "clock.c", self.directory / "clock.so"
        source.write_text(SHIM)
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        self.offset_file = self.directory / "offset"
        self.offset_file.write_bytes(bytes(4096))
        self.make_swarm().start({**os.environ, "LD_PRELOAD": str(library), "CLOCK_OFFSET_FILE": str(self.offset_file)})

    def jump(self, days):
        with open(self.offset_file, "r+b") as file:
            file.write((days * DAY_SECONDS).to_bytes(8, "little", signed=True))

    def test_transfers_and_membership_survive_jumps_forth_and_back(self):
        swarm = self.swarm
        image = self.image(mib=24)
        self.publish(swarm.gis, image, "web:1")
        out = self.directory / "out.raw"
        job = swarm["r2h1"].shoal("get", "web:1", "--to", out, "--no-wait")["job"]
        for days in (30, -1, 200, 0):
            before = swarm["r2h1"].shoal("jobs", job)["done_bytes"]
            self.jump(days)
            poll(lambda: swarm["r2h1"].shoal("jobs", job)["done_bytes"] > before
                 or swarm["r2h1"].shoal("jobs", job)["state"] == "done", what=f"progress after a jump by {days} days")
        done = swarm["r2h1"].shoal("jobs", job, "--wait")
        self.assertEqual((done["state"], done["verified"]), ("done", True))
        self.assertEqual(out.read_bytes(), image.read_bytes())
        self.assertLess(done["seconds"], 60, "durations are of the monotonic clock")

        self.jump(100)
        second = self.image("second.raw", seed=2, mib=8)
        self.publish(swarm["r2h1"], second, "second:1")
        told = next(row["published_at"] for row in swarm.gis.shoal("images") if row["image"] == "second:1")
        self.assertGreater(told, time.strftime("%Y-%m-%dT", time.gmtime(time.time() + 90 * DAY_SECONDS)),
                           "the jump did not reach the daemon")
        self.export_and_compare(swarm["r1h2"], "second:1", second)
        self.jump(-1)
        self.export_and_compare(swarm["r1h2"], "web:1", image)
        self.assertTrue(all(row["online"] for row in swarm.gis.shoal("hosts")))
        for node in swarm.nodes:
            self.assertEqual(node.shoal("status")["warnings"], [])
            self.assertTrue(node.shoal("verify")["verified"])


if __name__ == "__main__":
    main()
