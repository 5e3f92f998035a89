"""Instructions, allocations and locks a request: bench/instructions/run, under callgrind."""
import os
import subprocess

from . import common
from .common import Failure

COLUMNS = ("who", "operation and depth", "instructions (of -counts: allocations)",
           "those that are the library's (of -counts: locks)")


def run(args):
    done = subprocess.run([os.path.join(common.TOP, "bench/instructions/run"), "--build", args.build, "--stock", "--tsv",
                           str(args.requests)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise Failure("bench/instructions/run failed")
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    common.write_tsv(args, "instructions", COLUMNS, rows)
