"""Operations a second and processor time an operation: bench/ops/server.c under bench/ops/load.c.

In each repetition the workloads, and at each workload the configurations, in an order of its own; ratios are made
within a repetition.
"""
import contextlib
import os
import subprocess
import tempfile

from . import common
from .common import Config, Failure, Mount, say

# What is mounted: options, environment, options of stock FUSE 2 only.
NO_CACHE = ["attr_timeout=0", "entry_timeout=0"]
VARIANTS = {
    "plain": (NO_CACHE, {}, ["big_writes"]),
    "xattr": (NO_CACHE, {"BENCH_XATTR": "1"}, ["big_writes"]),
    "sleep": (NO_CACHE, {"BENCH_SLEEP_US": "100"}, []),
    "small": (NO_CACHE, {}, []),
    "list": ([], {}, []),
}
# name in the results, variant, workload of load.c, clients, APIs
WORKLOADS = (
    ("getattr", "plain", "getattr", 1, (2, 3)),
    ("getattr", "plain", "getattr", 8, (2, 3)),
    ("stat", "plain", "stat", 1, (2, 3)),
    ("stat", "plain", "stat", 8, (2, 3)),
    ("rr4k", "plain", "rr4k", 1, (2, 3)),
    ("rr4k", "plain", "rr4k", 8, (2, 3)),
    ("openclose", "plain", "openclose", 8, (2, 3)),
    ("createunlink", "plain", "createunlink", 8, (2, 3)),
    ("srd1m", "plain", "srd1m", 1, (2, 3)),
    ("swd1m", "plain", "swd1m", 1, (2, 3)),
    ("srb128k", "plain", "srb128k", 1, (2, 3)),
    ("swb4k", "plain", "swb4k", 1, (2, 3)),
    ("swb4k-xattr", "xattr", "swb4k", 1, (2, 3)),
    ("swb128k", "small", "swb128k", 1, (2, 3)),
    ("sleep", "sleep", "sleep", 8, (2, 3)),
    ("lsl", "list", "lsl", 1, (2, 3)),
)
RAW = ("getattr", "stat", "rr4k", "openclose")  # what raw.c serves
COLUMNS = ("repetition", "configuration", "workload", "clients", "operations/s", "us CPU an operation")


def load(args, workload, clients, path, pid):
    """One sample, or None when it failed: said, and left out of the results."""
    done = subprocess.run(["timeout", "-s", "KILL", str(args.seconds + 60), os.path.join(args.build, "bench/ops/load"),
                           workload, str(clients), str(args.seconds), path, str(pid)], check=False,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        say("bench/run: %s-%d failed: %s" % (workload, clients, done.stderr.strip()[-200:]))
        args.failures += 1
        return None
    return done.stdout.split()


def wanted(args, variant):
    """The workloads of a variant."""
    return [w for w in WORKLOADS if w[1] == variant and (not args.work or "%s-%d" % (w[0], w[3]) in args.work)]


def mount(args, stack, config, variant, base):
    """A server of this configuration below base, until stack ends; None if it cannot be: said, and left out."""
    options, env, stock2 = VARIANTS[variant]
    if config.library == "stock2":
        options = options + stock2
    path = os.path.join(base, config.name)
    os.makedirs(path, exist_ok=True)
    try:
        return stack.enter_context(Mount([config.server(), path, "-f"], path, config.options(options), config.environment(**env),
                                         config.libdir()))
    except Failure as e:
        say("bench/run: %s: %s" % (config.name, e))
        args.failures += 1
        return None


def one_variant(args, repetition, variant, configs, base):
    """All configurations are mounted at once, idle, and take their turns at each workload: what a ratio is made of
    was measured within seconds."""
    rows, workloads = [], wanted(args, variant)
    if not workloads:
        return rows
    with contextlib.ExitStack() as stack:
        mounts = [(c, mount(args, stack, c, variant, base)) for c in common.shuffled(configs)
                  if not c.raw or variant == "plain"]
        for name, _, workload, clients, apis in common.shuffled(workloads):
            for config, at in common.shuffled(mounts):
                if at is None or (name not in RAW if config.raw else config.api not in apis):
                    continue
                sample = load(args, workload, clients, at.path, at.process.pid)
                if sample:
                    rows.append([repetition, config.name, name, clients] + sample)
    return rows


def passthrough(args, repetition, base):
    """Reads of a file in memory, direct, through the kernel's passthrough, and without it: rows."""
    path = os.path.join(base, "pass")
    os.makedirs(path, exist_ok=True)
    server = os.path.join(args.build, "bench/ops/pass")
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    rows = []
    with tempfile.TemporaryDirectory(dir=memory, prefix="bench.") as backing:
        os.makedirs(os.path.join(backing, "a/b"))
        file = os.path.join(backing, "a/b/f0")
        with open(file, "wb") as f:
            for _ in range(64):
                f.write(bytes(1 << 20))
        for kind in common.shuffled(["native", "pass", "nopass"]):
            name = "passthrough"
            if kind == "native":
                sample = load(args, "srb128k", 1, backing, os.getpid())
            else:
                libdir = os.path.join(args.build, "fuse3/abi4")
                env = dict(os.environ, LD_LIBRARY_PATH=libdir, **({"PASS_OFF": "1"} if kind == "nopass" else {}))
                with Mount([server, file, path], path, ["transport=device"], env, libdir) as mount:
                    sample = load(args, "srb128k", 1, path, mount.process.pid)
            if sample:
                rows.append([repetition, kind + "-device", name, 1] + sample)
    return rows


def configurations(args):
    names = list(common.DEVICE)
    if common.have_uring():
        names += ["ambi2-uring", "ambi3-uring"]
        names += ["raw-uring"] if os.geteuid() == 0 else []
    else:
        say("bench/run: the kernel does not offer io_uring: without those rows")
    names += ["raw-device"] if os.geteuid() == 0 else []
    return [Config(n, args.build) for n in names]


def run(args):
    rows, configs = [], configurations(args)
    with common.UringOn(), tempfile.TemporaryDirectory(prefix="bench.") as base:
        for repetition in range(1, args.reps + 1):
            say("operations: repetition %d of %d" % (repetition, args.reps))
            for variant in common.shuffled(VARIANTS):
                rows += one_variant(args, repetition, variant, configs, base)
            if os.geteuid() == 0 and (not args.work or "passthrough-1" in args.work):
                try:
                    rows += passthrough(args, repetition, base)
                except Failure as e:
                    say("bench/run: passthrough: %s" % e)
                    args.failures += 1
            common.write_tsv(args, "ops", COLUMNS, rows)
    if not rows:
        raise Failure("nothing could be measured")
