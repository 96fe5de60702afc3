"""Stores are filled ahead: in the background, by all hosts at once, resumable, within limits.

How: uploads are limited where a prestaging has to be caught in its middle; the job's own progress
says when to act.
"""

import time

from story import NOT_FOUND, PARTIAL, Story, main, poll


class PrestageStory(Story):
    def job(self, node, number):
        return node.shoal("jobs", number)

    def host(self, node, number, name):
        def chosen():
            return next((row for row in self.job(node, number)["hosts"] if row["host"] == name), None)
        return poll(chosen, what=f"{name} among the hosts chosen")

    def fetched(self, node, number, name):
        row = self.host(node, number, name)
        return row["state"] == "fetching" and row["total_bytes"] > 0 and row["done_bytes"] > 0.15 * row["total_bytes"]

    def end(self, node, number, seconds=60):
        return poll(lambda: self.job(node, number)["state"] != "running" and self.job(node, number), seconds=seconds,
                    what="the end of the job")


class PrestageTest(PrestageStory):
    racks = (2, 3)

    def test_all_hosts_get_the_image_and_each_border_is_crossed_once(self):
        swarm = self.start_swarm()
        image = self.image(mib=24)
        published = self.publish(swarm.gis, image, "web:1")
        done = swarm["r2h2"].shoal("prestage", "web:1", "--all", "--wait")
        self.assertEqual(done["state"], "done")
        self.assertEqual({row["state"] for row in done["hosts"]}, {"done"})
        self.assertEqual(len(done["hosts"]), 5)
        self.assertEqual(done["done_bytes"], done["total_bytes"])
        crossed = 0
        for name in ("r2h1", "r2h2", "r2h3"):
            node = swarm[name]
            self.assertEqual(node.shoal("plan", "web:1")["own_store"], done["hosts"][0]["total_bytes"])
            (get,) = [job for job in node.shoal("jobs") if job["kind"] == "get"]
            crossed += sum(size for host, size in get["received_from"].items() if host.startswith("r1"))
        self.assertLess(crossed, 1.25 * published["pack_bytes"], "the rack did not share what it imported")
        for node in swarm.nodes:
            answer = self.export_and_compare(node, "web:1", image)
            self.assertEqual(answer["own_store"], answer["needed_bytes"])

    def test_again_fetches_only_what_is_missing(self):
        swarm = self.start_swarm()
        self.publish(swarm.gis, self.image(), "web:1")
        swarm.gis.shoal("prestage", "web:1", "--hosts", "r1h2,r2h1", "--wait")
        before = {node.name: node.shoal("status")["received_bytes"] for node in swarm.nodes}
        done = swarm.gis.shoal("prestage", "web:1", "--all", "--rack", "here/c1/rack1", "--wait")
        self.assertEqual({row["host"] for row in done["hosts"]}, {"r1h1", "r1h2"})
        self.assertEqual(swarm["r1h2"].shoal("status")["received_bytes"], before["r1h2"])
        self.assertEqual(swarm["r2h2"].shoal("status")["received_bytes"], 0, "another rack was asked")

    def test_count_prefers_hosts_that_lack_least_and_spreads(self):
        swarm = self.start_swarm()
        self.publish(swarm.gis, self.image(), "web:1")
        self.wait_for_holders(swarm.gis, "web:1", 1)
        done = swarm["r2h1"].shoal("prestage", "web:1", "--count", "2", "--spread", "rack", "--wait")
        names = [row["host"] for row in done["hosts"]]
        self.assertEqual(names[0], "r1h1")
        self.assertTrue(names[1].startswith("r2"), names)

    def test_a_host_without_room_is_told_and_the_others_go_on(self):
        swarm = self.make_swarm()
        swarm["r2h1"].options["store.quota"] = "16MiB"
        swarm.start()
        self.publish(swarm.gis, self.image(mib=40), "web:1")
        text = self.assert_refused(PARTIAL, "1 of 5 hosts do not hold web:1; r2h1: no room", swarm["r1h2"], "prestage",
                                   "web:1", "--all", "--wait")
        self.assertNotIn("r2h2", text)
        job = next(job for job in swarm["r1h2"].shoal("jobs") if job["kind"] == "prestage")
        states = {row["host"]: row["state"] for row in job["hosts"]}
        self.assertEqual(states, {"r1h1": "done", "r1h2": "done", "r2h1": "failed", "r2h2": "done", "r2h3": "done"})
        self.assertEqual(self.host(swarm["r1h2"], job["id"], "r2h1")["error"]["code"], "no_space")

    def test_what_is_not_known_is_said_at_once(self):
        swarm = self.start_swarm()
        self.publish(swarm.gis, self.image(), "web:1")
        self.assert_refused(NOT_FOUND, "web:9", swarm.gis, "prestage", "web:9", "--all", "--wait")
        self.assert_refused(NOT_FOUND, "no host named h77", swarm.gis, "prestage", "web:1", "--hosts", "r1h2,h77",
                            "--wait")
        self.assert_refused(NOT_FOUND, "no host is online in rack9", swarm.gis, "prestage", "web:1", "--all",
                            "--rack", "rack9", "--wait")


class SlowPrestageTest(PrestageStory):
    racks = (2, 2)
    options = {"bulk.upload-limit": "3MiB/s"}

    def start_one(self, *arguments, mib=24):
        swarm = self.start_swarm()
        self.image_file = self.image(mib=mib)
        self.publish(swarm.gis, self.image_file, "web:1")
        return swarm, swarm.gis.shoal("prestage", "web:1", *arguments)["job"]

    def test_cancelling_stops_the_hosts_and_the_next_goes_on_from_there(self):
        swarm, job = self.start_one("--all")
        poll(lambda: self.fetched(swarm.gis, job, "r2h1"), what="the first pieces")
        swarm.gis.shoal("jobs", job, "--cancel")
        self.assertEqual(self.end(swarm.gis, job)["state"], "cancelled")
        for name in ("r1h2", "r2h1", "r2h2"):
            poll(lambda node=swarm[name]: all(row["state"] == "cancelled" for row in node.shoal("jobs")),
                 what=f"the end of the get of {name}")
        held = swarm["r2h1"].shoal("status")["self"]["held_bytes"]
        self.assertGreater(held, 0)
        done = swarm.gis.shoal("prestage", "web:1", "--all", "--wait")
        self.assertEqual({row["state"] for row in done["hosts"]}, {"done"})
        get = swarm["r2h1"].shoal("jobs")[-1]
        self.assertGreaterEqual(get["sources"]["own_store"], 0.9 * held, "it began anew")

    def test_a_host_killed_goes_on_when_it_comes_back(self):
        swarm, job = self.start_one("--all")
        victim = swarm["r2h2"]
        poll(lambda: self.fetched(swarm.gis, job, "r2h2"), what="the first pieces")
        victim.kill()
        poll(lambda: self.host(swarm.gis, job, "r2h2")["state"] == "away", what="the job to miss the host")
        poll(lambda: self.host(swarm.gis, job, "r2h1")["state"] == "done", seconds=60, what="the others")
        status = self.job(swarm.gis, job)
        self.assertEqual(status["state"], "running")
        self.assertIn("1 away", status["phase"])
        self.start(victim)
        done = self.end(swarm.gis, job)
        self.assertEqual((done["state"], done["verified"]), ("done", True))
        get = victim.shoal("jobs")[-1]
        self.assertGreater(get["sources"]["own_store"], 0, "it began anew")
        self.export_and_compare(victim, "web:1", self.image_file)

    def test_patience_ends(self):
        swarm, job = self.start_one("--hosts", "r1h2,r2h2", "--patience", "3s", mib=12)
        swarm["r2h2"].kill()
        done = self.end(swarm.gis, job)
        self.assertEqual((done["state"], done["error"]["code"]), ("failed", "partial"))
        self.assertIn("r2h2", done["error"]["message"])

    def test_at_once_keeps_the_rest_waiting(self):
        swarm, job = self.start_one("--hosts", "r1h2,r2h1,r2h2", "--at-once", "1", mib=12)
        most = 0
        while self.job(swarm.gis, job)["state"] == "running":
            rows = self.job(swarm.gis, job)["hosts"]
            most = max(most, sum(row["state"] == "fetching" for row in rows))
            time.sleep(0.05)
        self.assertEqual(most, 1)
        self.assertEqual(self.job(swarm.gis, job)["state"], "done")


class LimitedPrestageTest(PrestageStory):
    racks = (1, 1)

    def test_a_limit_holds_until_somebody_waits(self):
        swarm = self.start_swarm()
        published = self.publish(swarm.gis, self.image(mib=24), "web:1")
        node = swarm["r2h1"]
        begin = time.monotonic()
        job = swarm.gis.shoal("prestage", "web:1", "--hosts", "r2h1", "--limit", "1MiB/s")["job"]
        time.sleep(4)
        row = self.host(swarm.gis, job, "r2h1")
        self.assertEqual(row["state"], "fetching")
        self.assertLess(row["done_bytes"], (time.monotonic() - begin + 1.5) * 1024 * 1024, "faster than its limit")
        self.assertLess(row["done_bytes"], published["pack_bytes"])
        node.shoal("get", "web:1")
        self.assertLess(time.monotonic() - begin, 12, "somebody waited for a transfer in the background")
        self.assertEqual(self.end(swarm.gis, job)["state"], "done")


if __name__ == "__main__":
    main()
