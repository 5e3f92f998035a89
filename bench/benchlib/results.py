"""What the result files say: medians, ratios paired by repetition, and the goals with what was measured of each."""
import statistics

from .common import read_tsv
from .counting import LARGEST, LARGEST_FEW
from .ops import WORKLOADS


class Figure:
    """A ratio with its range, or an amount, and what it is of."""

    def __init__(self, label, values, amount=False):
        self.label, self.format = label, number if amount else ratio_text
        self.median, self.low, self.high = statistics.median(values), min(values), max(values)

    def text(self):
        if self.low == self.high:
            return self.format(self.median)
        return "%s (%s-%s)" % (self.format(self.median), self.format(self.low), self.format(self.high))


def number(x):
    if x >= 100 or x == int(x):
        return "%.0f" % x
    return "%.1f" % x if x >= 10 else "%.2f" % x


def ratio_text(x):
    return "%.1f" % x if x >= 10 else "%.2f" % x


class Results:
    def __init__(self, directory):
        self.ops = {}  # (configuration, workload-clients): {repetition: (operations/s, CPU)}
        for rep, config, work, clients, rate, cpu in read_tsv(directory, "ops"):
            self.ops.setdefault((config, work + "-" + clients), {})[rep] = float(rate), float(cpu)
        order = ["%s-%d" % (w[0], w[3]) for w in WORKLOADS]
        self.workloads = [w for w in order if any(w == work for _, work in self.ops)]
        self.one = {}  # (configuration, how, workload): {repetition: (operations/s, CPU)}
        for rep, config, how, work, rate, cpu in read_tsv(directory, "one"):
            self.one.setdefault((config, how, work), {})[rep] = float(rate), float(cpu)
        self.requests = {}  # (configuration, workload): {request: median over repetitions}
        self.files, self.counted_by = {}, set()
        self.read_requests(directory)
        self.memory = {}  # (library, nodes): bytes a node
        for library, nodes, each, _ in read_tsv(directory, "memory"):
            self.memory[library, int(nodes)] = float(each)
        self.instructions = {(who, what): (float(a), float(b)) for who, what, a, b in read_tsv(directory, "instructions")}
        self.machine = read_tsv(directory, "machine")

    def read_requests(self, directory):
        found = {}
        for config, rep, work, files, how, request, times in read_tsv(directory, "requests"):
            found.setdefault((config, work), {}).setdefault(rep, {})[request] = int(times)
            self.files[work] = int(files)
            self.counted_by.add(how)
        for key, repetitions in found.items():
            names = sorted({r for counts in repetitions.values() for r in counts})
            self.requests[key] = {n: statistics.median(c.get(n, 0) for c in repetitions.values()) for n in names}

    def ratio(self, config, work, column=0, base=None):
        """Of a configuration to stock of the same API, by repetition: a Figure or None. column 1: processor time."""
        base = base or "stock%s-device" % config.split("-")[0][-1]
        ours, stock = self.ops.get((config, work), {}), self.ops.get((base, work), {})
        values = [ours[k][column] / stock[k][column] for k in ours if k in stock and stock[k][column] > 0]
        library, transport = config.split("-")
        return Figure("%s, FUSE %s, %s" % (work, library[-1], transport), values) if values else None

    def one_ratio(self, config, how, work, base):
        """Operations a second of one client to those of base, by repetition: a Figure or None."""
        ours, other = self.one.get((config, how, work), {}), self.one.get((base, how, work), {})
        values = [ours[k][0] / other[k][0] for k in ours if k in other]
        return Figure(config, values) if values else None

    def median(self, config, work, column=0):
        values = [v[column] for v in self.ops.get((config, work), {}).values()]
        return statistics.median(values) if values else None

    def total(self, config, work):
        counts = self.requests.get((config, work))
        return sum(counts.values()) if counts else None


# ---- the goals ----

class Goal:
    """what, against, need; figures(results) gives what was measured; at most: smaller is better."""

    def __init__(self, what, against, need, figures, at_most=False):
        self.what, self.against, self.need, self.figures, self.at_most = what, against, need, figures, at_most

    def reached(self, figure):
        return figure.median <= self.need if self.at_most else figure.median >= self.need

    def verdict(self, figures):
        if not figures:
            return "not measured"
        missed = [f for f in figures if not self.reached(f)]
        if not missed:
            return "**reached**"
        near = all(f.low <= self.need <= f.high and f.low < f.high for f in missed)
        return "not reached%s%s" % (": %d of %d" % (len(missed), len(figures)) if len(figures) > 1 else "",
                                    ", the range includes it" if near else "")


def ratios(works, transports, apis=(2, 3), column=0):
    def figures(results):
        found = [results.ratio("ambi%d-%s" % (api, t), w, column) for w in works for t in transports for api in apis]
        return [f for f in found if f]
    return figures


def instructions(*phases):
    """The library's own, on the in-process transport."""
    return lambda results: [Figure(p, [results.instructions["direct", p][1]], True) for p in phases
                            if ("direct", p) in results.instructions]


def nodes(count):
    return lambda results: [Figure("FUSE " + lib[-1], [results.memory[lib, count]], True) for lib in ("ambi2", "ambi3")
                            if (lib, count) in results.memory]


def requests(results):
    found = []
    for work, program in ((LARGEST, ""), (LARGEST_FEW, ", program with few operations")):
        for api in "23":
            ours, stock = results.total("ambi%s-device" % api, work), results.total("stock%s-device" % api, work)
            if ours and stock:
                found.append(Figure("FUSE " + api + program, [ours / stock]))
    return found


def native(results):
    found = results.ratio("pass-device", "passthrough-1", base="native-device")
    return [found] if found else []


ONE = ("getattr-1", "stat-1", "rr4k-1")
EIGHT = ("getattr-8", "stat-8", "rr4k-8", "openclose-8", "createunlink-8")
BOTH = "2.9.9 and 3.14"
GOALS = (
    Goal("`ls -l` of 10,000 entries, unchanged FUSE 2 program", "libfuse 2.9.9", 6, ratios(["lsl-1"], ["device", "uring"], [2])),
    Goal("the same, FUSE 3 program", "libfuse 3.14", 6, ratios(["lsl-1"], ["device", "uring"], [3])),
    Goal("1 MiB direct reads and writes, FUSE 2", "libfuse 2.9.9", 1.8,
         ratios(["srd1m-1", "swd1m-1"], ["device", "uring"], [2])),
    Goal("128 KiB buffered writes, FUSE 2 without -o big_writes", "libfuse 2.9.9", 8,
         ratios(["swb128k-1"], ["device", "uring"], [2])),
    Goal("4 KiB buffered writes, io_uring", BOTH, 2.2, ratios(["swb4k-1"], ["uring"])),
    Goal("4 KiB buffered writes, program with getxattr, device", BOTH, 1.7, ratios(["swb4k-xattr-1"], ["device"])),
    Goal("getattr, stat, 4 KiB random reads, 1 client, io_uring", BOTH, 2, ratios(ONE, ["uring"])),
    Goal("the same, device", BOTH, 1.15, ratios(ONE, ["device"])),
    Goal("the same and open+close, create+unlink, 8 clients, io_uring", BOTH, 1.6, ratios(EIGHT, ["uring"])),
    Goal("the same, device", BOTH, 1.15, ratios(EIGHT, ["device"])),
    Goal("processor time a request (server and client), 8 clients, io_uring", BOTH, 0.6, ratios(EIGHT, ["uring"], column=1), True),
    Goal("sleeping handler (100 us), 8 clients", BOTH, 1, ratios(["sleep-8"], ["device", "uring"])),
    Goal("buffered sequential reads", BOTH, 1, ratios(["srb128k-1"], ["device", "uring"])),
    Goal("passthrough reads", "native tmpfs", 0.9, native),
    Goal("instructions a getattr, low level", "979", 300, instructions("ll2 getattr 1", "ll3 getattr 1"), True),
    Goal("instructions a getattr, path of depth 1", "1746", 500, instructions("path2 getattr 1", "path3 getattr 1"), True),
    Goal("instructions a getattr, path of depth 30", "5309", 1000, instructions("path2 getattr 30", "path3 getattr 30"), True),
    Goal("instructions a readdir of 100, paths", "34229", 9000, instructions("path2 readdir100 1", "path3 readdir100 1"), True),
    Goal("instructions a readdirplus of 100, paths", "116094", 25000, instructions("path3 readdirplus100 1"), True),
    Goal("bytes a node, 13-character names, 10^6 nodes", "174.5", 80, nodes(10 ** 6), True),
    Goal("kernel requests for untar, ls -lR, rm -r", BOTH, 0.6, requests, True),
)
