"""Link shaping: the tc commands for one direction of one link. Pure: only builds text.

Every direction has a root queue even when it is not shaped, because tc counts bytes as they would
be on the wire (headers of every segment), the interface a 64 KiB segmentation-offload packet once.

A shaped direction is an HTB class of the link's rate with one leaf per host (DRR between the
leaves): a plain FIFO of the same rate was measured to be unfair between TCP flows by a factor of
30.
"""

# Leaves of a host's own link; the other end's address chooses by its low bits.
HOST_LINK_WAYS = 16
# What one leaf may queue. With 20 ms TCP's slow start lost so much that the sender sent 1.23 times
# the bytes (one flow of 4 MiB, 100 into 40 Mbit/s) instead of 1.05, the headers' share; with 50 ms
# and small offload packets 1.05 on a quiet machine, up to 1.11 on a busy one.
QUEUE_SECONDS = 0.05
QUEUE_BYTES_MIN = 128 << 10
# Largest segmentation-offload packet on a host of a shaped lab, as time on the slowest link. A queue
# drops such a packet whole and the link is blocked by it; but each costs every shaped link a timer:
# with 16 hosts at 100 Mbit/s 42,000 fired a second with packets of 16 KiB, 34,000 with 32 KiB.
OFFLOAD_SECONDS = 0.0027
OFFLOAD_BYTES_MIN, OFFLOAD_BYTES_MAX = 16 << 10, 64 << 10
# The sending host's own queue: TCP limits itself there, so a loss would only be an artefact.
SENDER_QUEUE_BYTES = 4 << 20
# How much may leave at once; larger hides timer coarseness, smaller is smoother.
BURST_SECONDS = 0.001
BURST_BYTES_MIN = 16 << 10
QUANTUM_BYTES = 16 << 10
DEFAULT_CLASS = 0xFFFE  # ARP and whatever is not IPv4
# Leaves borrow all they send from the link's class, which alone limits: a leaf with a rate or a
# ceiling that matters has timers of its own (50,000 instead of 42,000).
LEAF_BITS, LEAF_BITS_MAX = 8000, 100_000_000_000

SOURCE_OFFSET, DESTINATION_OFFSET = 12, 16  # in the IPv4 header


def unshaped(device):
    return [f"qdisc add dev {device} root handle 1: pfifo limit 20000"]


def _shaped(device, rate_mbit, matches, queue_bytes):
    """`matches`: one u32 match per leaf."""
    bits = int(rate_mbit * 1e6)
    burst = max(BURST_BYTES_MIN, int(bits / 8 * BURST_SECONDS))
    common = f"burst {burst} cburst {burst} quantum {QUANTUM_BYTES}"
    lines = [
        f"qdisc add dev {device} root handle 1: htb default {DEFAULT_CLASS:x}",
        f"class add dev {device} parent 1: classid 1:1 htb rate {bits}bit ceil {bits}bit {common}",
        f"class add dev {device} parent 1:1 classid 1:{DEFAULT_CLASS:x} htb rate {LEAF_BITS}bit "
        f"ceil {bits}bit {common}",
    ]
    for index, match in enumerate(matches):
        leaf = f"1:{index + 2:x}"
        lines += [
            f"class add dev {device} parent 1:1 classid {leaf} htb rate {LEAF_BITS}bit "
            f"ceil {LEAF_BITS_MAX}bit {common}",
            f"qdisc add dev {device} parent {leaf} bfifo limit {queue_bytes}",
            f"filter add dev {device} parent 1: protocol ip prio 1 u32 match {match} flowid {leaf}",
        ]
    return lines


def offload_bytes(slowest_mbit):
    """The largest offload packet in a lab whose slowest link is this fast."""
    bytes_ = int(slowest_mbit * 1e6 / 8 * OFFLOAD_SECONDS)
    return min(max(bytes_, OFFLOAD_BYTES_MIN), OFFLOAD_BYTES_MAX)


def _queue_bytes(rate_mbit):
    return max(QUEUE_BYTES_MIN, int(rate_mbit * 1e6 / 8 * QUEUE_SECONDS))


def host_link(device, rate_mbit, upwards):
    """A host's link: fair between the hosts at its other end."""
    if not rate_mbit:
        return unshaped(device)
    offset = DESTINATION_OFFSET if upwards else SOURCE_OFFSET
    matches = [
        f"u32 {way:#010x} {HOST_LINK_WAYS - 1:#010x} at {offset}" for way in range(HOST_LINK_WAYS)
    ]
    return _shaped(
        device, rate_mbit, matches, SENDER_QUEUE_BYTES if upwards else _queue_bytes(rate_mbit)
    )


def uplink(device, rate_mbit, addresses, upwards):
    """The uplink of a rack, cluster or site: fair between the hosts below it, at `addresses`."""
    if not rate_mbit:
        return unshaped(device)
    field = "src" if upwards else "dst"
    matches = [f"ip {field} {address}/32" for address in addresses]
    return _shaped(device, rate_mbit, matches, _queue_bytes(rate_mbit))
