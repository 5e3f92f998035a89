"""Kernel requests of real workloads, on examples/passthrough, and on the same program with few operations.

Counted is what the kernel sends on this one mount, by its own tracepoint fuse:fuse_request_send: the same for every
library and transport, exact (an overrun of the buffer is an error), and it costs the server nothing. Forgets, which
have no reply, are not in it. Where there is no tracepoint: by the lines that both libraries print with -d.

The largest workload has phases, counted one by one: rows of their own, named "WORKLOAD: PHASE", beside that of the whole. With
options of ours it is a workload of its own too, "WORKLOAD; with OPTIONS"; stock has none of these.
"""
import importlib.machinery
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

from . import common
from .common import Config, Failure, Mount, say

COLUMNS = ("configuration", "repetition", "workload", "files", "counted by", "request", "times")
TRACE_LINE = re.compile(r"fuse_request_send: .*opcode \d+ \((?:FUSE_)?(\w+)\)")
DEBUG_LINE = re.compile(r"unique: \d+, opcode: (\w+)")
NO_REPLY = ("FORGET", "BATCH_FORGET", "NOTIFY_REPLY")
BUFFER_KB = 65536  # a CPU

SQL = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("create table t (id integer primary key, k text, v blob)")
for batch in range(20):
    with db:
        db.executemany("insert into t (k, v) values (?, ?)", [("key %d" % i, bytes(200)) for i in range(50)])
db.execute("create index k on t (k)")
for i in range(100):
    assert db.execute("select count(*) from t where k = ?", ("key %d" % (i % 50),)).fetchone() == (20,)
with db:
    db.execute("delete from t where id % 2 = 0")
db.execute("vacuum")
db.close()
"""
LARGEST = "untar, ls -lR, rm -r"
LARGEST_FEW = LARGEST + "; few operations"
PHASES = (("untar", 'tar -xf "$2" -C "$1"'), ("ls -lR", 'ls -lR "$1/tree"'), ("rm -r", 'rm -r "$1/tree"'))
# What a program gets that allows more: nothing expires, writes are collected, no extended attributes.
TIMEOUTS = ("attr_timeout=60", "entry_timeout=60")
OPTIONS = {LARGEST: (TIMEOUTS, ("no_xattr",), ("writeback_cache",), TIMEOUTS + ("no_xattr", "writeback_cache")),
           LARGEST_FEW: (TIMEOUTS, ("writeback_cache",), TIMEOUTS + ("writeback_cache",))}
# name, what is in the directory behind before (tree, sources, repository or nothing), files, commands with $1 the mount
# point and $2 the archive, or phases: (name, commands)
WORKLOADS = (
    ("untar", "nothing", "some", 'tar -xf "$2" -C "$1"'),
    ("find", "tree", "some", 'find "$1/tree" -type f'),
    ("ls -lR", "tree", "some", 'ls -lR "$1/tree"'),
    ("tar c", "tree", "some", 'tar -cf - -C "$1" tree | cat'),
    ("rm -r", "tree", "some", 'rm -r "$1/tree"'),
    ("git status", "repository", "some", 'git -C "$1/tree" status --porcelain'),
    ("compile", "sources", "some",
     'cd "$1/src" && for f in core/*/*.c; do cc -c -O0 -w -std=gnu11 -D_GNU_SOURCE -I. "$f" -o "${f%.c}.o" || exit; done'),
    ("sqlite", "nothing", "some", '"$3" -c "$4" "$1/db"'),
    (LARGEST, "nothing", "all", PHASES),
    (LARGEST_FEW, "nothing", "all", PHASES),
)


def with_options(work, options):
    return "%s; with %s" % (work, ", ".join(options))


# ---- the two ways to count ----

class ByTracepoint:
    """Counts with a trace instance of its own, so that other users of tracing are not disturbed."""
    name = "tracepoint"
    server_options = []

    def __init__(self):
        self.mounted = self.instance = None
        root = "/sys/kernel/tracing"
        if not os.path.isdir(root + "/events"):
            root = self.mounted = tempfile.mkdtemp(prefix="bench.")
            subprocess.run(["mount", "-t", "tracefs", "none", root], check=False, stderr=subprocess.DEVNULL)
        try:
            if not os.path.isdir(root + "/events/fuse/fuse_request_send"):
                raise Failure("no tracepoint")
            self.instance = root + "/instances/bench-%d" % os.getpid()
            os.mkdir(self.instance)
            self.write("buffer_size_kb", BUFFER_KB)
        except (Failure, OSError):
            self.close()
            raise

    def write(self, name, value):
        with open(os.path.join(self.instance, name), "w", encoding="ascii") as f:
            f.write("%s\n" % value)

    def start(self, mount):
        event = "events/fuse/fuse_request_send/"
        self.write("trace", "")
        self.write(event + "filter", "connection == %d" % mount.device)
        self.write(event + "enable", 1)

    def stop(self):
        self.write("events/fuse/fuse_request_send/enable", 0)
        for cpu in os.listdir(self.instance + "/per_cpu"):
            with open("%s/per_cpu/%s/stats" % (self.instance, cpu), encoding="ascii") as f:
                stats = dict(line.split(": ", 1) for line in f.read().splitlines() if ": " in line)
            if int(stats["overrun"]) or int(stats["dropped events"]):
                raise Failure("more requests than the trace buffer holds")
        counts = {}
        with open(self.instance + "/trace", encoding="utf-8", errors="replace") as f:
            for line in f:
                m = TRACE_LINE.search(line)
                if m:
                    counts[m.group(1)] = counts.get(m.group(1), 0) + 1
        return counts

    def close(self):
        if self.instance and os.path.isdir(self.instance):
            os.rmdir(self.instance)
        if self.mounted:
            subprocess.run(["umount", "-l", self.mounted], check=False, stderr=subprocess.DEVNULL)
            os.rmdir(self.mounted)


class ByDebug:
    """Counts the lines of -d."""
    name = "-d"
    server_options = ["-d"]

    def __init__(self):
        self.mount = self.log = None

    def settle(self):
        """Until every request is answered, as far as the kernel tells us."""
        waiting = "/sys/fs/fuse/connections/%d/waiting" % self.mount.device
        end = time.monotonic() + 10
        try:
            while time.monotonic() < end:
                with open(waiting, encoding="ascii") as f:
                    if f.read().strip() == "0":
                        break
                time.sleep(0.01)
            time.sleep(0.05)
        except OSError:
            time.sleep(0.5)

    def start(self, mount):
        self.mount = mount
        self.settle()
        self.log = mount.log.name
        self.from_here = os.path.getsize(self.log)

    def stop(self):
        self.settle()
        counts = {}
        with open(self.log, encoding="utf-8", errors="replace") as f:
            f.seek(self.from_here)
            for line in f:
                m = DEBUG_LINE.match(line)
                if m and m.group(1) not in NO_REPLY:
                    counts[m.group(1)] = counts.get(m.group(1), 0) + 1
        return counts

    def close(self):
        pass


def counter(how):
    if how != "debug":
        try:
            return ByTracepoint()
        except (Failure, OSError) as e:
            if how == "trace":
                raise Failure("no tracepoint fuse:fuse_request_send here: %s" % e) from None
            say("requests: no tracepoint here, counting the lines of -d")
    return ByDebug()


# ---- the workloads ----

def make_archive(path, files):
    """The tree of bench/tree, always the same."""
    loader = importlib.machinery.SourceFileLoader("bench_tree", os.path.join(common.TOP, "bench/tree"))
    tree = importlib.util.module_from_spec(importlib.util.spec_from_loader("bench_tree", loader))
    loader.exec_module(tree)
    tree.make_tree(path, files)


def prepare(kind, backing, archive):
    if kind in ("tree", "repository"):
        subprocess.run(["tar", "-xf", archive, "-C", backing], check=True, stdin=subprocess.DEVNULL)
    if kind == "repository":
        # Through the mount inode numbers and change times are others than behind it.
        git = ["git", "-C", os.path.join(backing, "tree"), "-c", "user.name=bench", "-c", "user.email=bench@localhost",
               "-c", "core.checkStat=minimal", "-c", "core.trustctime=false", "-c", "gc.auto=0"]
        for command in (["init", "-q"], ["config", "core.checkStat", "minimal"], ["config", "core.trustctime", "false"],
                        ["config", "safe.directory", "*"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
            subprocess.run(git + command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    if kind == "sources":
        for d in ("core/base", "core/wire"):
            shutil.copytree(os.path.join(common.TOP, d), os.path.join(backing, "src", d))


def run_phase(args, name, script, path, archive):
    env = dict(os.environ, GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="safe.directory", GIT_CONFIG_VALUE_0="*")
    done = subprocess.run(["timeout", "-s", "KILL", str(args.limit), "sh", "-c", script, "-", path, archive, sys.executable, SQL],
                          env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          check=False)
    if done.returncode:
        raise Failure("%s: %s" % (name, done.stderr.strip()[-300:]))


def one_workload(args, config, workload, options, how, work):
    """{workload or phase: {request: times}} of one workload on a mount of its own."""
    name, kind, amount, script = workload
    backing, path = os.path.join(work, "backing"), os.path.join(work, "mnt")
    archive = os.path.join(work, amount + ".tar")
    for d in (backing, path):
        os.makedirs(d, exist_ok=True)
    title = with_options(name, options) if options else name
    phases = script if isinstance(script, tuple) else (("", script),)
    counts = {title: {}}
    try:
        prepare(kind, backing, archive)
        server = os.path.join(args.build, "bench/requests/%s%d" % ("plain" if "few" in name else "mirror", config.api))
        with open(os.path.join(work, "log"), "w", encoding="utf-8") as log:
            with Mount([server, "-f"] + how.server_options + [path], path, config.options(["root=" + backing] + list(options)),
                       config.environment(), config.libdir(), log) as mount:
                for phase, commands in phases:
                    how.start(mount)
                    run_phase(args, "%s on %s" % (title, config.name), commands, path, archive)
                    seen = how.stop()
                    if not seen:
                        raise Failure("%s on %s: no request was seen" % (title, config.name))
                    if phase:
                        counts[title + ": " + phase] = seen
                    for request, times in seen.items():
                        counts[title][request] = counts[title].get(request, 0) + times
        return counts
    finally:
        if common.mounted_device(path) is None:
            shutil.rmtree(backing)


def samples(args, workload, how):
    """(configuration, options) in random order; the largest also over io_uring, where it is the kernel that counts."""
    configs = [Config(n, args.build) for n in common.DEVICE]
    if workload[0] in OPTIONS and isinstance(how, ByTracepoint) and common.have_uring():
        configs += [Config(n, args.build) for n in ("ambi2-uring", "ambi3-uring")]
    found = [(c, ()) for c in configs]
    found += [(c, options) for c in configs if c.ours and c.transport == "device" for options in OPTIONS.get(workload[0], ())]
    return common.shuffled(found)


def names_of(workload):
    """The workload's own name and those made of it, as the report has them."""
    phases = workload[3] if isinstance(workload[3], tuple) else ()
    titles = [workload[0]] + [with_options(workload[0], options) for options in OPTIONS.get(workload[0], ())]
    return [name for title in titles for name in [title] + ["%s: %s" % (title, phase) for phase, _ in phases]]


def one_repetition(args, repetition, sizes, how, work):
    rows = []
    for workload in (w for w in WORKLOADS if not args.workload or w[0] in args.workload):
        say("requests: %s" % workload[0])
        found = []
        for config, options in samples(args, workload, how):
            try:
                counts = one_workload(args, config, workload, options, how, work)
            except Failure as e:
                say("bench/run: %s" % e)
                args.failures += 1
                continue
            found += [[config.name, repetition, name, sizes[workload[2]], how.name, request, n]
                      for name, seen in counts.items() for request, n in sorted(seen.items())]
        order = names_of(workload)
        rows += sorted(found, key=lambda row: (order.index(row[2]), row[0]))
    return rows


def run(args):
    rows = []
    sizes = {"some": max(args.files // 5, 100), "all": args.files}
    base = "/dev/shm" if os.path.isdir("/dev/shm") else None
    how = counter(args.count)
    try:
        with common.UringOn(), tempfile.TemporaryDirectory(dir=base, prefix="bench.") as work:
            for amount, files in sizes.items():
                make_archive(os.path.join(work, amount + ".tar"), files)
            for repetition in range(1, args.count_reps + 1):
                rows += one_repetition(args, repetition, sizes, how, work)
                common.write_tsv(args, "requests", COLUMNS, rows)
    finally:
        how.close()
