"""Hosts are chosen for VMs of an image by what they hold, how loaded they are and where they stand.

How: four hosts in two racks, one of them warm; load is a get that takes long because its only holder
may not send fast.
"""

import json
import subprocess
from collections import Counter

from story import NOT_FOUND, NO_SPACE, PARTIAL, USAGE, Story, main, poll


class PlaceTest(Story):
    racks = (2, 2)

    def hosts_of(self, answer):
        return [choice["host"] for choice in answer["choices"]]

    def start_with_one_warm_host(self):
        """r2h1 published web:1: it alone holds it."""
        swarm = self.start_swarm()
        self.publish(swarm["r2h1"], self.image(), "web:1")
        self.wait_for_holders(swarm.gis, "web:1", 1)
        return swarm

    def test_the_warm_host_is_the_friendliest_and_the_rest_follow(self):
        swarm = self.start_with_one_warm_host()
        answer = swarm["r1h2"].shoal("place", "web:1", "--strategy", "shoal_friendly", "--count", "2")
        self.assertEqual(self.hosts_of(answer), ["r2h1", "r2h1"])
        choice = answer["choices"][0]
        self.assertEqual((choice["place"], choice["lacking_bytes"], choice["held_share"]), ("here/c1/rack2", 0, 1))
        self.assertIn("holds all of the image", choice["reason"])
        ranking = {line["host"]: line for line in answer["ranking"]}
        self.assertEqual(answer["ranking"][0]["host"], "r2h1")
        self.assertEqual(set(ranking), {"r1h1", "r1h2", "r2h1", "r2h2"})
        self.assertEqual(ranking["r1h1"]["lacking_bytes"], answer["image_bytes"])
        plan = swarm["r1h2"].shoal("plan", "web:1")
        self.assertEqual(answer["image_bytes"], plan["needed_bytes"])

    def test_slots_and_spreading_are_kept_and_what_is_missing_is_said(self):
        swarm = self.start_with_one_warm_host()
        node = swarm["r1h2"]
        for strategy in ("random", "min_loaded", "shoal_friendly", "weighted"):
            with self.subTest(strategy=strategy):
                answer = node.shoal("place", "web:1", "--count", "4", "--strategy", strategy, "--spread", "rack",
                                    "--slots", "2", "--vms", "r2h1=1")
                racks = Counter(choice["place"] for choice in answer["choices"])
                self.assertEqual(racks, {"here/c1/rack1": 2, "here/c1/rack2": 2})
                self.assertLessEqual(self.hosts_of(answer).count("r2h1"), 1)
        again = [node.shoal("place", "web:1", "--count", "4", "--seed", "5") for _ in range(2)]
        self.assertEqual(again[0]["choices"], again[1]["choices"])
        text = self.assert_refused(PARTIAL, "2 of 10 VMs find no host: 4 hosts have no free slot", node, "place",
                                   "web:1", "--count", "10", "--slots", "2")
        self.assertNotIn("{", text)
        self.assert_refused(NO_SPACE, "finds no host", node, "place", "web:1", "--slots", "1", "--hosts", "r2h1",
                            "--vms", "r2h1=1")

    def test_a_host_without_room_is_not_chosen(self):
        swarm = self.make_swarm()
        swarm["r1h2"].options["store.quota"] = "16MiB"
        swarm.start()
        self.publish(swarm["r2h1"], self.image(mib=40), "web:1")
        self.wait_for_holders(swarm.gis, "web:1", 1)
        rank = {}

        def told():
            answer = swarm.gis.shoal("place", "web:1")
            rank.update({line["host"]: line for line in answer["ranking"]})
            return rank["r1h2"]["refusal"]
        self.assertEqual(poll(told, what="the store's room at the general index server"), "no_room")
        self.assert_refused(NO_SPACE, "no room for the image", swarm.gis, "place", "web:1", "--hosts", "r1h2")

    def test_running_jobs_are_load(self):
        swarm = self.make_swarm()
        swarm["r1h1"].options["bulk.upload-limit"] = "256KiB/s"
        swarm.start()
        self.publish(swarm.gis, self.image(), "web:1")
        job = swarm["r2h1"].shoal("get", "web:1", "--no-wait")["job"]

        def load():
            rows = {row["name"]: row for row in swarm["r1h2"].shoal("hosts")}
            return rows["r2h1"]["running_jobs"] == 1
        poll(load, what="the running get at the general index server")
        answer = swarm["r1h2"].shoal("place", "web:1", "--strategy", "min_loaded", "--hosts", "r2h1,r2h2")
        self.assertEqual(self.hosts_of(answer), ["r2h2"])
        swarm["r2h1"].shoal("jobs", job, "--cancel")

    def test_a_cloud_manager_asks_by_http(self):
        swarm = self.start_with_one_warm_host()
        order = {"image": "web:1", "count": 3, "spread": "rack", "vms": {"r2h1": 1, "elsewhere": 4}, "slots": 4,
                 "weights": {"load": 0.01}, "seed": 3}
        done = subprocess.run(["curl", "-s", "--unix-socket", swarm["r1h1"].socket, "-d", json.dumps(order),
                               "http://localhost/api/v1/placements"], capture_output=True, text=True, check=True)
        answer = json.loads(done.stdout)
        self.assertEqual((answer["count"], answer["missing"], answer["seed"]), (3, 0, 3))
        self.assertEqual(answer["choices"][0]["host"], "r2h1")
        self.assertEqual(answer["choices"][0]["load"], 1)

    def test_what_is_not_known_is_said(self):
        swarm = self.start_with_one_warm_host()
        self.assert_refused(NOT_FOUND, "web:9", swarm.gis, "place", "web:9")
        self.assert_refused(NOT_FOUND, "no host named h77", swarm.gis, "place", "web:1", "--hosts", "r1h1,h77")
        self.assert_refused(USAGE, "strategy", swarm.gis, "place", "web:1", "--strategy", "vdn")


if __name__ == "__main__":
    main()
