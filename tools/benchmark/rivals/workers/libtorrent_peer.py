"""One stock libtorrent peer: has, or gets, one torrent, and serves it until it is ended."""

import json
import pathlib
import sys
import time

import libtorrent

# For a LAN: no uTP (9 MB/s instead of 1200 on loopback), no encryption handshakes, no discovery,
# nobody choked. Short request queues, because with libtorrent's own the server was measured to send
# nearly every piece twice (1.9 times the bound instead of 1.5 on 7 hosts).
_SETTINGS = {
    "enable_dht": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "enable_outgoing_utp": False,
    "enable_incoming_utp": False,
    "out_enc_policy": int(libtorrent.enc_policy.pe_disabled),
    "in_enc_policy": int(libtorrent.enc_policy.pe_disabled),
    "allow_multiple_connections_per_ip": True,
    "connection_speed": 500,
    "torrent_connect_boost": 255,
    "unchoke_slots_limit": -1,
    "max_out_request_queue": 32,
    "request_queue_time": 1,
    "alert_mask": libtorrent.alert.category_t.status_notification
    | libtorrent.alert.category_t.error_notification,
}
_CHECKING = (
    libtorrent.torrent_status.checking_files,
    libtorrent.torrent_status.checking_resume_data,
)
_PARSE_LIMITS = {"max_buffer_size": 64 << 20, "max_pieces": 1 << 21, "max_decode_tokens": 1 << 24}


def wait_for(session, handle, reached):
    while not reached(handle.status()):
        session.wait_for_alert(100)
        for alert in session.pop_alerts():
            if isinstance(alert, (libtorrent.torrent_error_alert, libtorrent.file_error_alert)):
                sys.exit(alert.message())


def main(task):
    address, port = task["address"], task["port"]
    settings = {**_SETTINGS, "listen_interfaces": f"{address}:{port}", **task["settings"]}
    session = libtorrent.session(settings)
    flags = libtorrent.torrent_flags
    parameters = libtorrent.add_torrent_params()
    parameters.ti = libtorrent.torrent_info(task["torrent"], _PARSE_LIMITS)
    parameters.save_path = task["folder"]
    parameters.flags &= ~flags.auto_managed
    # Paused, dialled, resumed: it would wait up to a second before it dials otherwise.
    parameters.flags |= flags.paused | flags.disable_dht | flags.disable_lsd | flags.disable_pex
    handle = None
    if task["seed"]:
        handle = session.add_torrent(parameters)
        handle.resume()
        wait_for(session, handle, lambda status: status.is_seeding)
    pathlib.Path(task["ready"]).touch()
    sys.stdin.buffer.read()
    if not task["seed"]:
        handle = session.add_torrent(parameters)
        wait_for(session, handle, lambda status: status.state not in _CHECKING)
        for peer in task["peers"]:
            handle.connect_peer((peer, port))
        handle.resume()
        wait_for(session, handle, lambda status: status.is_seeding)
        pathlib.Path(task["done"]).touch()
    while True:
        time.sleep(3600)


main(json.loads(sys.argv[1]))
