#!/usr/bin/env python3
"""unloadable.py LIBRARY COPY: a copy without the flag that keeps a library loaded after dlclose() (-z nodelete)."""
import struct
import sys

DT_FLAGS_1, DF_1_NODELETE, PT_DYNAMIC = 0x6ffffffb, 0x8, 2
data = bytearray(open(sys.argv[1], 'rb').read())
assert data[:5] == b'\x7fELF\x02', 'not a 64-bit ELF file'
phoff, = struct.unpack_from('<Q', data, 32)
phentsize, phnum = struct.unpack_from('<HH', data, 54)
for i in range(phnum):
    kind, _, offset, _, _, size = struct.unpack_from('<IIQQQQ', data, phoff + i * phentsize)
    for at in range(offset, offset + size, 16) if kind == PT_DYNAMIC else ():
        tag, value = struct.unpack_from('<QQ', data, at)
        if tag == DT_FLAGS_1:
            struct.pack_into('<Q', data, at + 8, value & ~DF_1_NODELETE)
open(sys.argv[2], 'wb').write(data)
