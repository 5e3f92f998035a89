"""Memory a node: bench/memory/nodes.c, the same program on each library. No mount, no privilege."""
import os
import subprocess

from . import common
from .common import Config, Failure

COLUMNS = ("library", "nodes", "bytes a node", "resident bytes")


def run(args):
    rows = []
    for name in common.DEVICE:
        config = Config(name, args.build)
        done = subprocess.run([os.path.join(args.build, "bench/memory/nodes%d" % config.api), "path", str(args.nodes)],
                              env=config.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False, timeout=1800)
        if done.returncode or not done.stdout.strip():
            raise Failure("nodes%d on %s: %s" % (config.api, config.library, done.stderr.strip()))
        rows += [[config.library] + line.split() for line in done.stdout.splitlines()]
        common.write_tsv(args, "memory", COLUMNS, rows)
