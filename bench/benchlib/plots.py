"""The plots of docs/performance: SVG by gnuplot."""
import os
import shutil
import subprocess

from .common import Failure

SERIES = (("ambi2-device", "FUSE 2, device", "#1b6ca8"), ("ambi2-uring", "FUSE 2, io_uring", "#7fb8e6"),
          ("ambi3-device", "FUSE 3, device", "#b5542b"), ("ambi3-uring", "FUSE 3, io_uring", "#eda37f"))
LIBRARIES = (("stock2", "libfuse 2.9.9", "#777777"), ("stock3", "libfuse 3.14", "#bbbbbb"),
             ("ambi2", "ambifuse, FUSE 2", "#1b6ca8"), ("ambi3", "ambifuse, FUSE 3", "#b5542b"))
HEAD = """set terminal svg size %d,%d enhanced background '#ffffff' font 'sans-serif,12'
set output '%s'
set grid y lc rgb '#dddddd'
set key outside top center horizontal noenhanced
set border 3
set tics nomirror
set xtics rotate by -35 noenhanced
"""


def plot(path, size, commands, blocks):
    """One file; blocks: {name: lines}, gnuplot's $name."""
    if not shutil.which("gnuplot"):
        raise Failure("plots need gnuplot (scripts/deps test)")
    text = HEAD % (size + (path,))
    for name, lines in blocks.items():
        text += "$%s << EOD\n%s\nEOD\n" % (name, "\n".join(lines))
    done = subprocess.run(["gnuplot"], input=text + commands, text=True, capture_output=True, check=False)
    if done.returncode or not os.path.getsize(path):
        raise Failure("gnuplot: " + done.stderr.strip())


def quoted(name):
    return '"%s"' % name.replace('"', "")


def tics(names):
    return "set xtics (%s)\n" % ", ".join("%s %d" % (quoted(n), i) for i, n in enumerate(names))


def ratios(results, path):
    works = [w for w in results.workloads if w != "passthrough-1"]
    blocks, parts = {}, []
    for at, (config, title, colour) in enumerate(SERIES):
        lines = []
        for i, work in enumerate(works):
            f = results.ratio(config, work)
            if f:
                lines.append("%.2f %.4f %.4f %.4f" % (i + (at - 1.5) * 0.17, f.median, f.low, f.high))
        if lines:
            name = config.replace("-", "_")
            blocks[name] = lines
            parts.append("$%s with yerrorbars pt 7 ps 0.5 lw 1.5 lc rgb '%s' title '%s'" % (name, colour, title))
    if not parts:
        return False
    plot(path, (1000, 460), """set title 'Operations a second, by stock of the same API (median and range)'
set logscale y 2
set xrange [-0.6:%d.6]
%splot 1 with lines lc rgb '#000000' notitle, %s
""" % (len(works) - 1, tics(works), ", ".join(parts)), blocks)
    return True


def histogram(path, size, title, rows, columns, more=""):
    """rows: (name, value...), columns: (title, colour)."""
    lines = [" ".join([quoted(row[0])] + ["%.4f" % v if v is not None else "?" for v in row[1:]]) for row in rows]
    parts = ["$data using %d:xtic(1) lc rgb '%s' title '%s'" % (i + 2, colour, name)
             for i, (name, colour) in enumerate(columns)]
    plot(path, size, """set title '%s'
set style data histograms
set style fill solid
set datafile missing '?'
set boxwidth 0.9
set yrange [0:*]
%splot %s
""" % (title, more, ", ".join(parts)), {"data": lines})


def instructions(results, path):
    rows = []
    for who, what in results.instructions:
        if who == "public" and ("stock", what) in results.instructions and what.startswith("path") and "dir" not in what:
            rows.append((what, results.instructions["stock", what][0], results.instructions[who, what][0]))
    if not rows:
        return False
    histogram(path, (1000, 460), "Instructions a request of the path API, one program on both libraries", rows,
              (("stock", "#999999"), ("ambifuse", "#1b6ca8")))
    return True


def requests(results, path):
    rows = []
    for work in results.files:
        if ": " in work or "; with " in work:
            continue
        row = [work]
        for api in "23":
            ours, stock = results.total("ambi%s-device" % api, work), results.total("stock%s-device" % api, work)
            row.append(ours / stock if ours and stock else None)
        rows.append(row)
    if not rows:
        return False
    histogram(path, (800, 420), "Kernel requests, by those with stock of the same API", rows,
              (("FUSE 2", "#1b6ca8"), ("FUSE 3", "#b5542b")), "set yrange [0:1.2]\nset arrow from graph 0, first 1 "
              "to graph 1, first 1 nohead front lc rgb '#000000'\n")
    return True


def memory(results, path):
    if not results.memory:
        return False
    blocks, parts = {}, []
    for library, title, colour in LIBRARIES:
        lines = ["%d %.1f" % (n, each) for (lib, n), each in sorted(results.memory.items()) if lib == library]
        if lines:
            blocks[library] = lines
            parts.append("$%s with linespoints pt 7 lw 2 lc rgb '%s' title '%s'" % (library, colour, title))
    plot(path, (700, 380), """set title 'Bytes a node, names of 13 characters'
set logscale x 10
set format x '10^{%%L}'
set xtics norotate enhanced
set yrange [0:*]
plot %s
""" % ", ".join(parts), blocks)
    return True


ALL = {"ratios": ratios, "instructions": instructions, "requests": requests, "memory": memory}
