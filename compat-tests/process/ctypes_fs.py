#!/usr/bin/env python3
"""ctypes_fs.py SONAME MOUNTPOINT: a file system of one file, with nothing but ctypes and the library.

The tables are laid out here as programs in the wild do it: struct fuse_operations of FUSE 2.9 or 3.x is taken as an array
of pointers, of which four are set.
"""
import ctypes
import errno
import stat
import sys

soname, mnt = sys.argv[1:3]
three = 'fuse3' in soname
lib = ctypes.CDLL(soname)
C = ctypes
TEXT = b'alive\n'


class Stat(C.Structure):  # x86-64 and others of 64 bits differ in the first members
    import platform
    _head = ([('dev', C.c_ulong), ('ino', C.c_ulong), ('nlink', C.c_ulong), ('mode', C.c_uint)]
             if platform.machine() == 'x86_64' else
             [('dev', C.c_ulong), ('ino', C.c_ulong), ('mode', C.c_uint), ('nlink', C.c_uint)])
    _fields_ = _head + [('uid', C.c_uint), ('gid', C.c_uint)] + (
        [('pad', C.c_uint), ('rdev', C.c_ulong)] if platform.machine() == 'x86_64' else
        [('rdev', C.c_ulong), ('pad', C.c_ulong)]) + [('size', C.c_long), ('rest', C.c_char * 88)]


class Context(C.Structure):
    _fields_ = [('fuse', C.c_void_p), ('uid', C.c_uint), ('gid', C.c_uint), ('pid', C.c_int),
                ('private_data', C.c_void_p), ('umask', C.c_uint)]


lib.fuse_get_context.restype = C.POINTER(Context)
FILL = C.CFUNCTYPE(C.c_int, C.c_void_p, C.c_char_p, C.c_void_p, C.c_long, C.c_uint) if three else \
    C.CFUNCTYPE(C.c_int, C.c_void_p, C.c_char_p, C.c_void_p, C.c_long)
GETATTR = C.CFUNCTYPE(C.c_int, C.c_char_p, C.POINTER(Stat), *([C.c_void_p] if three else []))
OPEN = C.CFUNCTYPE(C.c_int, C.c_char_p, C.c_void_p)
READ = C.CFUNCTYPE(C.c_int, C.c_char_p, C.c_void_p, C.c_size_t, C.c_long, C.c_void_p)
READDIR = C.CFUNCTYPE(C.c_int, C.c_char_p, C.c_void_p, FILL, C.c_long, C.c_void_p, *([C.c_uint] if three else []))


def getattr_(path, st, *fi):
    if lib.fuse_get_context().contents.private_data != 4711:
        return -errno.EIO
    C.memset(st, 0, C.sizeof(Stat))
    if path not in (b'/', b'/file'):
        return -errno.ENOENT
    st.contents.mode = stat.S_IFDIR | 0o755 if path == b'/' else stat.S_IFREG | 0o444
    st.contents.nlink = 1
    st.contents.size = 0 if path == b'/' else len(TEXT)
    return 0


def open_(path, fi):
    return 0 if path == b'/file' else -errno.ENOENT


def read(path, buf, size, off, fi):
    part = TEXT[off:off + size]
    C.memmove(buf, part, len(part))
    return len(part)


def readdir(path, buf, fill, off, fi, *flags):
    for name in b'.', b'..', b'file':
        fill(buf, name, None, 0, *([0] if three else []))
    return 0


# where they are in struct fuse_operations: FUSE 2 has getdir (2) and utime (13) on the way, FUSE 3 has neither
places = {0: GETATTR(getattr_), 14 - 2 * three: OPEN(open_), 15 - 2 * three: READ(read), 26 - 2 * three: READDIR(readdir)}
ops = (C.c_void_p * (42 if three else 45))()
for i, f in places.items():
    ops[i] = C.cast(f, C.c_void_p)
argv = [b'ctypes', mnt.encode(), b'-f', *([b'-s'] if '-s' in sys.argv else [])]
lib.fuse_main_real.argtypes = [C.c_int, C.POINTER(C.c_char_p), C.c_void_p, C.c_size_t, C.c_void_p]
sys.exit(lib.fuse_main_real(len(argv), (C.c_char_p * len(argv))(*argv), ops, C.sizeof(ops), 4711))
