"""Swarms of real shoald processes on one machine: for the quickstart, tests and benchmarks."""

from swarm.node import Node, ShoalError
from swarm.swarm import Swarm

__all__ = ["Node", "ShoalError", "Swarm"]
