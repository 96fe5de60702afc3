"""Runs to one object per (rival, form, phase), and those to JSON, CSV, a table, a plot."""

import csv
import io
import json
import statistics

_KEYS = ("phase", "rival", "form")
_MEASURED = (
    "last_over_bound",
    "median_over_bound",
    "seconds_last",
    "seconds_median",
    "server_bytes",
    "rack_border_bytes",
    "rack_border_out_bytes",
    "cluster_border_bytes",
    "cluster_border_out_bytes",
    "bytes_per_host",
    "cpu_seconds",
    "cpu_seconds_per_gb",
    "pack_bytes",
    "publish_seconds",
    "payload_bytes_per_host",
    "needed_bytes_per_host",
    "rack_border_payload_bytes",
    "cluster_border_payload_bytes",
)
_FIXED = (
    "hosts",
    "racks",
    "rate_mbit",
    "rack_rate_mbit",
    "clusters",
    "cluster_rate_mbit",
    "spread_seconds",
    "bound_bytes",
    "bound_seconds",
    "data_bytes",
    "raw_bytes",
    "raw_packed",
    "shipped_bytes",
)
# Divided by the bytes that a host needs.
_OVER_BOUND = (
    "server",
    "rack_border",
    "cluster_border",
    "rack_border_payload",
    "cluster_border_payload",
)
_DIGITS = 4


def _rounded(value):
    return round(value, _DIGITS) if isinstance(value, float) else value


def _median(values):
    middle = statistics.median(values)
    return int(middle) if all(isinstance(value, int) for value in values) else middle


def summarise(runs):
    """Medians of the runs that ended; `verified` only when all runs were."""
    groups = {}
    for row in runs:
        groups.setdefault(tuple(row[key] for key in _KEYS), []).append(row)
    return [_summary(rows) for rows in groups.values()]


def _summary(rows):
    ended = [row for row in rows if row.get("last_over_bound") is not None]
    summary = {key: rows[0][key] for key in ("rival", "form", "phase")}
    for key in _MEASURED:
        values = [row[key] for row in ended if row.get(key) is not None]
        summary[key] = _rounded(_median(values)) if values else None
    summary["links"] = _median_links([row["links"] for row in ended if row.get("links")])
    summary["verified"] = all(row["verified"] for row in rows)
    for side, choose in (("min", min), ("max", max)):
        values = [row["last_over_bound"] for row in ended]
        summary[f"last_over_bound_{side}"] = _rounded(choose(values)) if values else None
    for key in _OVER_BOUND:
        moved = summary[f"{key}_bytes"]
        summary[f"{key}_over_bound"] = (
            None if moved is None else _rounded(moved / rows[0]["bound_bytes"])
        )
    summary["runs"] = len(rows)
    summary["failed_runs"] = len(rows) - len(ended)
    summary.update({key: _rounded(rows[0][key]) for key in _FIXED})
    summary["error"] = next((row["error"] for row in rows if row["error"]), None)
    return summary


def _median_links(runs):
    """link -> the median of each of its figures."""
    return {
        link: {name: _median([run[link][name] for run in runs]) for name in figures}
        for link, figures in (runs[0] if runs else {}).items()
    }


def to_json(rows):
    """An array, one object a line."""
    return "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n"


def to_csv(rows):
    # Links differ from network to network: they are no columns.
    names = [name for name in dict.fromkeys(n for row in rows for n in row) if name != "links"]
    text = io.StringIO()
    writer = csv.DictWriter(text, names, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _rounded(value) for key, value in row.items()} for row in rows)
    return text.getvalue()


def _text(value, form, scale=1):
    return "-" if value is None else form.format(value / scale)


_COLUMNS = (
    ("PHASE", lambda r: r["phase"]),
    ("RIVAL", lambda r: r["rival"]),
    ("FORM", lambda r: r["form"]),
    ("LAST/BOUND", lambda r: _text(r["last_over_bound"], "{:.2f}")),
    ("MIN-MAX", lambda r: _spread(r)),
    ("MEDIAN/BOUND", lambda r: _text(r["median_over_bound"], "{:.2f}")),
    ("LAST S", lambda r: _text(r["seconds_last"], "{:.2f}")),
    ("SERVER MB", lambda r: _text(r["server_bytes"], "{:.1f}", 1e6)),
    ("BORDER MB", lambda r: _text(r["rack_border_bytes"], "{:.1f}", 1e6)),
    ("MB/HOST", lambda r: _text(r["bytes_per_host"], "{:.1f}", 1e6)),
    ("CPU-S/GB", lambda r: _text(r["cpu_seconds_per_gb"], "{:.2f}")),
    ("VERIFIED", lambda r: "yes" if r["verified"] else "NO"),
)


def _spread(row):
    if row["last_over_bound_min"] is None:
        return "-"
    return f"{row['last_over_bound_min']:.2f}-{row['last_over_bound_max']:.2f}"


def aligned(header, cells):
    """A table; the first column is text, numbers are flushed right."""
    widths = [max(map(len, column)) for column in zip(header, *cells)]
    lines = []
    for line in [header, *cells]:
        padded = [
            cell.rjust(width) if _is_number(column) else cell.ljust(width)
            for cell, width, column in zip(line, widths, zip(*cells))
        ]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines) + "\n"


def _is_number(column):
    return all(cell[:1].isdigit() or cell[:1] == "-" for cell in column)


def to_table(rows):
    cells = [[show(row) for _, show in _COLUMNS] for row in rows]
    text = aligned([name for name, _ in _COLUMNS], cells)
    bounds = {row["phase"]: (row["bound_bytes"], row["bound_seconds"]) for row in rows}
    for phase, (size, seconds) in bounds.items():
        text += f"bound ({phase}): {size / 1e6:.1f} MB, {seconds:.2f} s\n"
    for row in rows:
        if row["error"]:
            text += f"{row['rival']} {row['form']} {row['phase']}: {row['error']}\n"
    return text


def to_plain_table(rows):
    """Any rows: one row downwards, several across."""
    if len(rows) == 1:
        return aligned(["WHAT", "VALUE"], [[key, str(value)] for key, value in rows[0].items()])
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [[str(row.get(name, "-")) for name in names] for row in rows]
    return aligned([name.upper() for name in names], cells)


def plot(rows, path):
    """Bars: the last host's time over the bound, and the server's bytes over the bound."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    phases = list(dict.fromkeys(row["phase"] for row in rows))
    figure, axes = pyplot.subplots(
        len(phases), 2, figsize=(11, 0.9 + 0.32 * len(rows) + 0.9 * len(phases)), squeeze=False
    )
    for line, phase in zip(axes, phases):
        chosen = [row for row in rows if row["phase"] == phase and row["last_over_bound"]]
        _bars(line[0], chosen, "last_over_bound", f"{phase} image: last host / bound")
        _bars(line[1], chosen, "server_over_bound", f"{phase} image: sent by the server / bound")
    first = rows[0]
    figure.suptitle(
        f"{first['hosts']} hosts in {first['racks'] * first['clusters']} racks, {first['rate_mbit']:g} Mbit/s, "
        f"median of {first['runs']} runs"
    )
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)


def _bars(axis, rows, key, title):
    colours = {"raw": "tab:blue", "compressed": "tab:orange"}
    for position, row in enumerate(rows):
        value = row[key]
        spread = None
        if key == "last_over_bound":
            low, high = row["last_over_bound_min"], row["last_over_bound_max"]
            spread = [[value - low], [high - value]]
        axis.barh(position, value, xerr=spread, color=colours[row["form"]], capsize=2)
        axis.text(value, position, f" {value:.2f}", va="center", fontsize=8)
    axis.set_yticks(range(len(rows)), [f"{row['rival']} {row['form']}" for row in rows], fontsize=8)
    axis.invert_yaxis()
    axis.axvline(1, color="black", linewidth=0.8, linestyle="--")
    axis.set_title(title, fontsize=10)
    axis.margins(x=0.12)
