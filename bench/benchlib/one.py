"""One client with the scheduler's choices taken away: what of a request is path, and what is waking up.

Client and server are SCHED_FIFO, so that a busy machine does not matter. "together": both on one processor, which
costs two context switches and no wake-up of another processor. "apart": both may run anywhere, and whoever is woken
goes to the processor that is free, as on an idle machine.
"""
import contextlib
import os
import subprocess
import tempfile

from . import common, ops
from .common import Config, Failure, Mount, say

WORKLOADS = ("getattr", "stat", "rr4k")
COLUMNS = ("repetition", "configuration", "how", "workload", "operations/s", "us CPU an operation")
SHARE = 0.4  # of args.seconds a sample takes: there is little noise


def regimes():
    fifo = ["chrt", "-f", "10"]
    return {"together": fifo + ["taskset", "-c", str(max(os.sched_getaffinity(0)))], "apart": fifo}


def sample(args, prefix, work, mount):
    done = subprocess.run(prefix + ["timeout", "-s", "KILL", str(args.seconds + 60), os.path.join(args.build, "bench/ops/load"),
                                    work, "1", str(args.seconds * SHARE), mount.path, str(mount.process.pid)],
                          check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        say("bench/run: one client, %s: %s" % (work, done.stderr.strip()[-200:]))
        args.failures += 1
        return None
    return done.stdout.split()


def one_regime(args, how, prefix, configs, base, rows):
    with contextlib.ExitStack() as stack:
        mounts = []
        for config in configs:
            path = os.path.join(base, how + "-" + config.name)
            os.makedirs(path)
            mounts.append((config, stack.enter_context(
                Mount(prefix + [config.server(), path, "-f"], path, config.options(ops.NO_CACHE), config.environment(),
                      config.libdir()))))
        for repetition in range(1, args.reps + 1):
            for work in common.shuffled(WORKLOADS):
                for config, mount in common.shuffled(mounts):
                    found = sample(args, prefix, work, mount)
                    if found:
                        rows.append([repetition, config.name, how, work] + found)


def run(args):
    if os.geteuid():
        say("bench/run: one client with the scheduler's choices taken away: needs root, left out")
        return
    rows = []
    names = [c.name for c in ops.configurations(args)]
    with common.UringOn(), tempfile.TemporaryDirectory(prefix="bench.") as base:
        for how, prefix in regimes().items():
            say("one client, %s: %d repetitions" % (how, args.reps))
            one_regime(args, how, prefix, [Config(n, args.build) for n in names], base, rows)
    common.write_tsv(args, "one", COLUMNS, rows)
    if not rows:
        raise Failure("nothing could be measured")
