"""Configurations, mounts and result files, for all groups of bench/run."""
import fcntl
import os
import random
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
URING = "/sys/module/fuse/parameters/enable_uring"
STOCK = ("stock2-device", "stock3-device")
DEVICE = STOCK + ("ambi2-device", "ambi3-device")


class Failure(Exception):
    """Something went wrong that makes the measurement worthless."""


def say(text):
    print(text, file=sys.stderr, flush=True)


class Config:
    """A library and a transport, by name: stock2-device, ambi3-uring, ...; raw-uring: a server without any library."""

    def __init__(self, name, build):
        self.name = name
        self.library, self.transport = name.split("-")
        self.raw = self.library == "raw"
        self.api = None if self.raw else int(self.library[-1])
        self.ours = self.library.startswith("ambi")
        self.build = build

    def libdir(self):
        """Where its library is; None: not in our build tree; False: it has none."""
        return os.path.join(self.build, "fuse%d" % self.api) if self.ours else False if self.raw else None

    def server(self):
        """The server of the group ops on it."""
        return os.path.join(self.build, "bench/ops/raw" if self.raw else "bench/ops/server%d" % self.api)

    def environment(self, **more):
        env = {k: v for k, v in os.environ.items() if not k.startswith("BENCH_") and k != "LD_LIBRARY_PATH"}
        if self.ours:
            env["LD_LIBRARY_PATH"] = self.libdir()
        env.update(more)
        return env

    def options(self, options):
        """-o for the mount. The transport is ours to choose only where there are several."""
        return options + (["transport=" + self.transport] if self.ours or self.raw else [])


def have_uring():
    """Whether the kernel offers FUSE over io_uring, or can be told to by us."""
    return os.path.exists(URING) and (os.access(URING, os.W_OK) or open(URING, encoding="ascii").read().strip() == "Y")


class UringOn:
    """`with UringOn():` the kernel offers io_uring; afterwards as before."""

    def __enter__(self):
        self.before = self.lock = None
        if os.access(URING, os.W_OK):
            self.lock = open(URING, encoding="ascii")
            self.wait_for_lock()
            self.before = self.lock.read().strip()
            self.set("Y")
        return self

    def wait_for_lock(self):
        """Whoever changes the parameter holds a lock on it."""
        for _ in range(900):
            try:
                return fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(1)
        raise Failure("somebody else holds the lock on " + URING)

    @staticmethod
    def set(value):
        with open(URING, "w", encoding="ascii") as f:
            f.write(value)

    def __exit__(self, *unused):
        if self.before is not None:
            self.set(self.before)
        if self.lock:
            self.lock.close()


def mounted_device(path):
    """The minor device number of the mount, or None."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as table:
        found = [line.split()[2] for line in table if line.split()[4] == path]
    return int(found[-1].split(":")[1]) if found else None


class Mount:
    """A running server: `with Mount(...) as m`. command is completed by -o OPTIONS."""

    def __init__(self, command, path, options, env, expect, log=subprocess.DEVNULL):
        self.command, self.path, self.env, self.expect, self.log = command, path, env, expect, log
        if options:
            self.command = self.command + ["-o", ",".join(options)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=self.log)
        try:
            for _ in range(500):
                self.device = mounted_device(self.path)
                if self.device is not None:
                    break
                if self.process.poll() is not None:
                    raise Failure("%s ended with %d" % (self.command[0], self.process.returncode))
                time.sleep(0.02)
            else:
                raise Failure("%s did not mount" % self.command[0])
            if subprocess.run(["timeout", "20", "stat", "-f", self.path], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode:
                raise Failure("%s does not answer" % self.command[0])
            self.check_library()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def check_library(self):
        """expect: a directory above the library that is in use; None: it is in none of our build trees; False: none."""
        with open("/proc/%d/maps" % self.process.pid, encoding="utf-8") as maps:
            paths = {line.split()[-1] for line in maps if "/libfuse" in line}
        if self.expect is False and not paths:
            return
        ours = os.path.realpath(self.expect or TOP) + "/"
        if not paths or any(p.startswith(ours) != bool(self.expect) for p in paths):
            raise Failure("%s runs on %s" % (self.command[0], sorted(paths)))
        self.library = sorted(paths)[0]

    def abort(self):
        try:
            with open("/sys/fs/fuse/connections/%d/abort" % self.device, "w", encoding="ascii") as f:
                f.write("1")
        except (OSError, TypeError):
            pass

    def __exit__(self, *unused):
        for _ in range(50):
            if mounted_device(self.path) is None:
                break
            subprocess.run(["timeout", "20", "umount", self.path], check=False, stdin=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
            time.sleep(0.02)
        else:
            self.abort()
            subprocess.run(["umount", "-l", self.path], check=False, stderr=subprocess.DEVNULL)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.abort()
            self.process.kill()
            self.process.wait()


def shuffled(items):
    return random.sample(list(items), len(items))


def write_tsv(args, name, columns, rows):
    """One result file: a comment line with the columns' names, then a line a row."""
    os.makedirs(args.results, exist_ok=True)
    path = os.path.join(args.results, name + ".tsv")
    with open(path + ".new", "w", encoding="utf-8") as f:
        f.write("# " + "\t".join(columns) + "\n")
        f.writelines("\t".join(str(c) for c in row) + "\n" for row in rows)
    os.replace(path + ".new", path)


def read_tsv(directory, name):
    """Rows as lists of text; none if there is no such file."""
    try:
        with open(os.path.join(directory, name + ".tsv"), encoding="utf-8") as f:
            return [line.rstrip("\n").split("\t") for line in f if line.strip() and not line.startswith("#")]
    except FileNotFoundError:
        return []
