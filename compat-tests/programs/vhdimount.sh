#!/bin/sh
. "$(dirname "$0")/_common.sh"
begin vhdimount; need vhdimount python3
# A fixed-size VHD is the raw image and a 512-byte footer: cookie, features, version, offset, time, creator, sizes,
# geometry, type 2, checksum, identifier.
env -u LD_LIBRARY_PATH python3 - $W/raw $W/i.vhd <<'X' || die "make the image"
import os, struct, sys
n = 4194304; raw = os.urandom(n); open(sys.argv[1], 'wb').write(raw)
f = bytearray(struct.pack('>8sIIQI4sI4sQQHBBII16s', b'conectix', 2, 0x10000, (1 << 64) - 1, 0, b'test', 0x10000, b'Wi2k', n, n, 120, 4, 17, 2, 0, os.urandom(16)).ljust(512, b'\0'))
struct.pack_into('>I', f, 64, ~sum(f) & 0xffffffff); open(sys.argv[2], 'wb').write(raw + f)
X
bg vhdimount $W/i.vhd $MNT
mounted; ls -l $MNT; head -c 4194304 $MNT/vhdi1 | cmp - $W/raw || die content; um; pass
