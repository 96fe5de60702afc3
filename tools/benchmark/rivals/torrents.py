"""BitTorrent v1 or v2 metadata of one file."""

import pathlib

PIECE_BYTES = 256 << 10


def make_torrent(path, target, tracker=None, version=1, piece_bytes=PIECE_BYTES):
    """Writes the .torrent of the file `path` to `target`."""
    import libtorrent

    flags = libtorrent.create_torrent.v1_only if version == 1 else libtorrent.create_torrent.v2_only
    path = pathlib.Path(path)
    storage = libtorrent.file_storage()
    storage.add_file(path.name, path.stat().st_size)
    torrent = libtorrent.create_torrent(storage, piece_bytes, flags)
    if tracker:
        torrent.add_tracker(tracker)
    libtorrent.set_piece_hashes(torrent, str(path.parent))
    pathlib.Path(target).write_bytes(libtorrent.bencode(torrent.generate()))
    return pathlib.Path(target)


def info_hash(torrent):
    """Of a v1 torrent, in hexadecimal."""
    import libtorrent

    return str(libtorrent.torrent_info(str(torrent)).info_hashes().v1)
