#!/bin/sh
. "$(dirname "$0")/_common.sh"
export USER=${USER:-root}; begin charliecloud; need ch-run mksquashfs
# the smallest image that can run a shell: a static busybox, or sh with its libraries
I=$W/img; mkdir -p $I/bin $I/lib64 $I/usr $I/etc $I/dev $I/proc $I/sys $I/tmp $I/home $I/root $I/mnt
cp /bin/busybox $I/bin/sh 2>/dev/null || cp -L /bin/sh $I/bin/sh; cp -L /bin/sleep $I/bin/sleep
for l in $(ldd $I/bin/sh $I/bin/sleep 2>/dev/null | grep -oE '/[^ :]+' | grep -v "^$W" | sort -u); do mkdir -p $I$(dirname $l); cp -L $l $I$l; done
touch $I/etc/passwd $I/etc/group $I/etc/hosts $I/etc/resolv.conf
mksquashfs $I $W/i.sqfs -quiet -no-progress >>$W/log 2>&1 || die mksquashfs
# ch-run serves the image itself, from a process of the session that lives as long as the command: until we have looked
mkfifo $W/go; exec 7<>$W/go
bg sh -c "exec ch-run -v -m $MNT $W/i.sqfs -- /bin/sh -c 'read x; echo inside' <$W/go"
seen() { libs_of $LASTPID $(ps -o pid= -s $LASTPID); [ -n "$LIBSEEN" ] || ! kill -0 $LASTPID 2>/dev/null; }
wait_for seen; echo >&7; showlib; wait $LASTPID; echo "exit $?"; tail -5 $W/log; grep -q inside $W/log || die run; pass
