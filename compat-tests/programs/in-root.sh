#!/bin/sh
# in-root.sh ROOT NAME...: run tests inside another Debian root (e.g. a trixie debootstrap, for libfuse3.so.4).
# Mounts live in a private mount namespace and vanish with it.  LIBDIR=DIR (outside) is bound at /fuselib inside
# and put into LD_LIBRARY_PATH, to substitute another library.  KEEPLOGS=DIR keeps the logs.
[ $# -ge 1 ] || { sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 2; }
R=$(cd "$1" && pwd -P) || exit 2
shift
H=$(cd "$(dirname "$0")" && pwd)
L=${KEEPLOGS:-}
[ -n "$L" ] || L=$(mktemp -d) || exit 2
mkdir -p "$L"
export R H L
exec unshare -m --propagation private sh -c '
	mkdir -p $R/fuseprog $R/fuselib $R/fuselogs $R/oldroot
	mount --rbind $R $R
	mount --rbind /dev $R/dev; mount -t proc proc $R/proc; mount --rbind /sys $R/sys
	mount --bind $H $R/fuseprog; mount --bind $L $R/fuselogs; mount -t tmpfs tmpfs $R/tmp
	E=FUSEPROG=1; [ -n "${LIBDIR:-}" ] && { mount --bind "$LIBDIR" $R/fuselib; E="LD_LIBRARY_PATH=/fuselib"; }
	cd $R && pivot_root . oldroot && cd / && umount -l /oldroot
	exec /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root USER=root FUSE_EXPECT="${FUSE_EXPECT:-}" \
		LOGDIR=/fuselogs $E /fuseprog/run-all.sh "$@"' sh "$@"
