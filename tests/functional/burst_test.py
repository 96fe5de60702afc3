"""Many at once: a burst of gets takes each piece across the border of the rack about once, and publishers
that race on equal content are all right.

How: eight hosts of one rack get an image that one host of another rack holds, at links of a few MiB/s;
who received how much from whom is in their jobs.
"""

import threading

from story import CONFLICT, ShoalError, Story, main


class BurstTest(Story):
    racks = (1, 8)
    options = {"bulk.upload-limit": "8MiB/s"}

    def test_a_burst_of_eight_gets_costs_the_border_about_one_copy(self):
        swarm = self.start_swarm()
        image = self.image(mib=32)
        pack_bytes = self.publish(swarm.gis, image, "web:1")["pack_bytes"]
        rack = [node for node in swarm.nodes if node is not swarm.gis]
        answers = swarm.everywhere("get", "web:1", nodes=rack, timeout=60)
        across = sum(answer["received_from"].get("r1h1", 0) for answer in answers.values())
        sent = swarm.gis.shoal("status")["sent_bytes"]
        self.assertTrue(all(answer["verified"] for answer in answers.values()))
        self.assertLessEqual(across, 1.15 * pack_bytes, {name: a["received_from"] for name, a in answers.items()})
        self.assertGreaterEqual(across, pack_bytes)
        self.assertLessEqual(sent, 1.15 * pack_bytes)
        for answer in answers.values():
            told = answer["own_store"] + answer["own_rack"] + answer["own_site"] + answer["other_sites"]
            self.assertEqual(told, answer["needed_bytes"])
        self.export_and_compare(rack[-1], "web:1", image)

    def test_a_small_image_to_eight_hosts_is_quick(self):
        swarm = self.start_swarm()
        image = self.image(mib=4)
        self.publish(swarm.gis, image, "web:1")
        answers = swarm.everywhere("get", "web:1", nodes=swarm.nodes[1:], timeout=60)
        self.assertLess(max(answer["seconds"] for answer in answers.values()), 10)

    def test_two_gets_of_one_image_on_one_host_are_both_right(self):
        swarm = self.start_swarm()
        image = self.image(mib=16)
        self.publish(swarm.gis, image, "web:1")
        node = swarm["r2h1"]
        outs = [self.directory / f"out{number}.raw" for number in range(3)]
        jobs = [node.start_shoal("get", "web:1", "--to", out) for out in outs]
        for job, out in zip(jobs, outs):
            _, text = job.communicate(timeout=60)
            self.assertEqual(job.returncode, 0, text)
            self.assertEqual(out.read_bytes(), image.read_bytes())


class RaceTest(Story):
    racks = (1, 2)

    def race(self, orders):
        """Runs publishes at the same time. Answers what each said, or its ShoalError."""
        said = [None] * len(orders)

        def publish(number, node, file, image):
            try:
                said[number] = self.publish(node, file, image)
            except ShoalError as fault:
                said[number] = fault
        threads = [threading.Thread(target=publish, args=(number, *order)) for number, order in enumerate(orders)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return said

    def test_publishers_racing_on_equal_content_are_all_right(self):
        swarm = self.start_swarm()
        image = self.image(mib=24)
        for number in range(3):
            said = self.race([(node, image, f"{node.name}-{number}:1") for node in swarm.nodes])
            self.assertFalse([fault for fault in said if isinstance(fault, ShoalError)], said)
            for node in swarm.nodes:
                for other in swarm.nodes:
                    self.export_and_compare(node, f"{other.name}-{number}:1", image)
            for node in swarm.nodes:
                swarm.gis.shoal("rm", f"{node.name}-{number}:1", "-y")

    def test_publishers_racing_for_one_name_with_equal_content_are_all_right(self):
        swarm = self.start_swarm()
        image = self.image(mib=16)
        said = self.race([(node, image, "web:1") for node in swarm.nodes])
        self.assertFalse([fault for fault in said if isinstance(fault, ShoalError)], said)
        self.assertEqual(len(swarm.gis.shoal("images")), 1)
        for node in swarm.nodes:
            self.export_and_compare(node, "web:1", image)

    def test_of_publishers_racing_for_one_name_with_other_content_one_wins(self):
        swarm = self.start_swarm()
        images = [self.image(f"{number}.raw", seed=number, mib=16) for number in range(3)]
        said = self.race([(node, image, "web:1") for node, image in zip(swarm.nodes, images)])
        refused = [fault.code for fault in said if isinstance(fault, ShoalError)]
        self.assertEqual(refused, [CONFLICT, CONFLICT], said)
        winner = next(number for number, answer in enumerate(said) if not isinstance(answer, ShoalError))
        for node in swarm.nodes:
            self.export_and_compare(node, "web:1", images[winner])


if __name__ == "__main__":
    main()
