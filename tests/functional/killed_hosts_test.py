"""Hosts die (kill -9) in the middle of gets and publishes: the rest finish, who comes back resumes where
it was, nothing half done is known.

How: uploads are limited so that a get takes seconds; progress of the job says when to kill.
"""

import os
import subprocess
import time

from story import Story, main, poll


class KilledHostsTest(Story):
    racks = (3, 2)
    options = {"bulk.upload-limit": "4MiB/s"}

    def progress(self, node, job):
        status = node.shoal("jobs", job)
        self.assertNotIn(status["state"], ("failed", "cancelled"), status)
        return status["done_bytes"] / max(1, status["total_bytes"])

    def test_each_host_killed_in_a_get_resumes_and_the_rest_finish(self):
        swarm = self.start_swarm()
        getters = swarm.nodes[1:]
        for number, victim in enumerate(getters):
            with self.subTest(victim=victim.name):
                image = self.image(f"{number}.raw", seed=number, mib=20)
                name = f"web:{number}"
                self.publish(swarm.gis, image, name)
                jobs = {node.name: node.shoal("get", name, "--no-wait")["job"] for node in getters}
                poll(lambda: self.progress(victim, jobs[victim.name]) > 0.25, what="a quarter of the image")
                self.assertLess(self.progress(victim, jobs[victim.name]), 1, "too fast to be killed in its middle")
                victim.kill()
                for node in getters:
                    if node is not victim:
                        done = node.shoal("jobs", jobs[node.name], "--wait")
                        self.assertEqual((done["state"], done["verified"]), ("done", True))
                self.start(victim)
                answer = self.export_and_compare(victim, name, image)
                self.assertGreater(answer["own_store"], answer["needed_bytes"] * 0.2, "it began anew")
                self.assertTrue(victim.shoal("verify")["verified"])

    def test_the_index_of_a_rack_dies_in_a_get(self):
        swarm = self.start_swarm()
        image = self.image(mib=24)
        self.publish(swarm.gis, image, "web:1")
        index = swarm[swarm["r2h1"].shoal("status")["rack_index"]]
        other = next(node for node in swarm.nodes if node.place == index.place and node is not index)
        job = other.shoal("get", "web:1", "--no-wait")["job"]
        poll(lambda: self.progress(other, job) > 0.1, what="the first pieces")
        index.kill()
        done = other.shoal("jobs", job, "--wait")
        self.assertEqual((done["state"], done["verified"]), ("done", True))
        poll(lambda: other.shoal("status")["rack_index"] == other.name, what="a new index of the rack")
        second = self.image("second.raw", seed=2, mib=8)
        self.publish(other, second, "second:1")
        self.export_and_compare(swarm["r1h2"], "second:1", second)
        self.start(index)
        self.export_and_compare(index, "second:1", second)

    def test_the_only_holder_dies_and_comes_back(self):
        swarm = self.start_swarm()
        image = self.image(mib=16)
        holder = swarm["r1h2"]
        self.publish(holder, image, "web:1")
        job = swarm["r2h1"].shoal("get", "web:1", "--no-wait")["job"]
        poll(lambda: self.progress(swarm["r2h1"], job) > 0.1, what="the first pieces")
        holder.kill()
        self.start(holder)
        done = swarm["r2h1"].shoal("jobs", job, "--wait")
        self.assertEqual((done["state"], done["verified"]), ("done", True))

    def test_a_publisher_that_dies_leaves_nothing_half_known(self):
        swarm = self.start_swarm()
        image = self.image(mib=32)
        publisher = swarm["r2h1"]
        publishing = publisher.start_shoal("publish", image, "--name", "web", "--version", "1", "--compress", "zstd:15")
        poll(lambda: any(job["done_bytes"] > 0 for job in publisher.shoal("jobs")), what="the publish to begin")
        publisher.kill()
        publishing.communicate(timeout=20)
        self.assertNotEqual(publishing.returncode, 0)
        self.assertEqual(swarm.gis.shoal("images"), [])
        self.start(publisher)
        status = publisher.shoal("status")
        self.assertEqual((status["pack_count"], status["self"]["held_bytes"]), (0, 0))
        self.assertEqual(list((publisher.directory / "store" / "staging").iterdir()), [])
        done = self.publish(publisher, image, "web:1")
        self.assertEqual(done["new_bytes"], done["data_bytes"])
        self.export_and_compare(swarm["r1h2"], "web:1", image)

    def test_a_cancelled_get_leaves_what_it_has_for_the_next(self):
        swarm = self.start_swarm()
        image = self.image(mib=24)
        self.publish(swarm.gis, image, "web:1")
        node = swarm["r2h1"]
        out = self.directory / "cancelled.raw"
        getting = node.start_shoal("get", "web:1", "--to", out)
        poll(lambda: any(0.1 < job["done_bytes"] / max(1, job["total_bytes"]) < 1 for job in node.shoal("jobs")),
             what="the first pieces")
        getting.terminate()
        getting.communicate(timeout=20)
        self.assertEqual(getting.returncode, 130)
        self.assertEqual(poll(lambda: node.shoal("jobs")[-1]["state"] != "running" and node.shoal("jobs")[-1]["state"],
                              what="the end of the job"), "cancelled")
        self.assertEqual([file.name for file in self.directory.iterdir() if "cancelled" in file.name], [])
        self.assertGreater(self.export_and_compare(node, "web:1", image)["own_store"], 0)


class EndTest(Story):
    racks = (2, 1)
    options = {"bulk.upload-limit": "2MiB/s"}

    def test_sigterm_ends_within_seconds_and_leaves_neither_process_nor_socket(self):
        swarm = self.start_swarm()
        image = self.image(mib=24)
        self.publish(swarm.gis, image, "web:1")
        getting = swarm["r2h1"].start_shoal("get", "web:1", "--to", self.directory / "out.raw")
        poll(lambda: any(job["done_bytes"] > 0 for job in swarm["r2h1"].shoal("jobs")), what="the first pieces")
        for node in reversed(swarm.nodes):
            with self.subTest(node=node.name):
                group = node.process.pid
                begin = time.monotonic()
                node.process.terminate()
                node.process.wait(20)
                self.assertLess(time.monotonic() - begin, 5)
                self.assertEqual(node.process.returncode, 0, node.last_words())
                self.assertFalse(node.socket.exists())
                left = subprocess.run(["pgrep", "-g", str(group)], capture_output=True, text=True).stdout
                self.assertEqual(left, "")
        getting.communicate(timeout=20)
        self.assertNotEqual(getting.returncode, 0)
        self.assertFalse((self.directory / "out.raw").exists())

    def test_sigterm_in_a_publish_ends_its_helpers_too(self):
        """Reading qcow2 takes a helper process of qemu."""
        swarm = self.start_swarm()
        raw = self.image(mib=48)
        qcow2 = self.directory / "in.qcow2"
        subprocess.run(["qemu-img", "convert", "-O", "qcow2", raw, qcow2], check=True)
        node = swarm["r2h1"]
        order = ("publish", qcow2, "--name", "web", "--version", "1", "--compress", "zstd:19")
        publishing = node.start_shoal(*order)
        poll(lambda: any(job["done_bytes"] > 0 for job in node.shoal("jobs")), what="the publish to begin")
        for how in ("stop", "kill"):
            with self.subTest(how=how):
                getattr(node, how)()
                publishing.communicate(timeout=20)
                poll(lambda: not self.users_of(qcow2), seconds=5, what="the end of every process that read the image")
                self.assertEqual(swarm.gis.shoal("images"), [])
                self.start(node)
                publishing = node.start_shoal(*order)
                poll(lambda: any(job["done_bytes"] > 0 for job in node.shoal("jobs")), what="the publish to begin")
        publishing.communicate(timeout=60)

    @staticmethod
    def users_of(file):
        users = []
        for link in [entry for pid in os.listdir("/proc") if pid.isdigit()
                     for entry in EndTest.descriptors(pid)]:
            if link == str(file):
                users.append(link)
        return users

    @staticmethod
    def descriptors(pid):
        try:
            return [os.readlink(f"/proc/{pid}/fd/{number}") for number in os.listdir(f"/proc/{pid}/fd")]
        except OSError:
            return []


if __name__ == "__main__":
    main()
