# Sourced by every test in this directory.
#   begin NAME            scratch directory $W, mount point $MNT, clean-up trap, watchdog
#   need CMD...           skip (77) unless these programs are installed
#   bg CMD...             run CMD in the background, in a session of its own, log to $W/log
#   fg CMD...             run CMD, which daemonizes itself
#   mounted [DIR]         wait until DIR ($MNT) is a FUSE mount, then note which libfuse is mapped
#   rwtest DIR [no...]    create, write, append, patch, truncate, rename, link, chmod, times, list, remove
#   rotest SRC DIR        compare two trees
#   um [DIR]              unmount
#   ended                 wait until the programs have gone: what they write at their end is written
#   wait_for CMD...       until it succeeds; fails after a minute
#   pass                  final verdict (exit 0)
# Settings: NOLIB=1 marks a control that brings its own FUSE code; LIMIT, MWAIT: see below.
#
# LD_LIBRARY_PATH from the environment reaches the program under test untouched.
# FUSE_EXPECT=substring makes a test fail unless the path of the mapped libfuse contains it.
# Any number of tests may run at once: each has its own directory, and ports are picked free.
set -u
PIDS=""
LIBSEEN=""

begin() {
	NAME=$1
	W=$(mktemp -d "${TMPDIR:-/tmp}/fuseprog-$NAME.XXXXXX") || exit 2
	MNT=$W/mnt
	mkdir -p "$MNT"
	: >"$W/log"
	trap cleanup EXIT
	trap 'exit 130' INT TERM
	# A hung daemon must not hang the test: after LIMIT seconds its processes are killed and its
	# connections aborted, so that pending calls fail.
	(
		sleep "${LIMIT:-250}"
		echo "WATCHDOG $NAME"
		for p in $(ourpids); do kill -9 "$p"; done
		abort_mounts
	) >>"$W/log" 2>&1 &
	WD=$!
}

ourmounts() { awk -v w="$W" 'index($2, w) == 1 { print $2 }' /proc/mounts | tac; }

# Processes whose command line names our scratch directory; that of grep does not.
ourpids() { echo "$W" | grep -l -a -F -f - /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3 | grep -v -x -e $$; }

# The same, by environment; and whoever is in a session that bg started.
ourpids_all() {
	ourpids
	grep -l -a -F "$W" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3 | grep -v -x -e $$
	for s in $PIDS; do
		echo "$s"
		ps -o pid= -s "$s" 2>/dev/null
	done
}

# Cut the connections of the FUSE mounts below $W: every call waiting on them fails at once.
abort_mounts() {
	c=/sys/fs/fuse/connections
	[ -e $c ] || return 0
	grep -q " $c " /proc/mounts || mount -t fusectl fusectl $c 2>/dev/null
	for n in $(awk -v w="$W" 'index($5, w) == 1 && / - fuse/ { split($3, d, ":"); print d[2] }' /proc/self/mountinfo); do
		echo 1 >"$c/$n/abort" 2>/dev/null
	done
}

cleanup() {
	rc=$?
	cd /
	kill $(ps -o pid= --ppid $WD) $WD 2>/dev/null
	for m in $(ourmounts); do
		timeout 5 fusermount3 -u "$m" 2>/dev/null || timeout 5 fusermount -u "$m" 2>/dev/null ||
			timeout 5 umount "$m" 2>/dev/null || umount -l "$m" 2>/dev/null
	done
	for p in $PIDS; do kill "$p" 2>/dev/null; done
	i=0
	while [ -n "$(ourpids)" ] && [ $i -lt 4 ]; do
		sleep 0.05
		i=$((i + 1))
	done
	for p in $(ourpids_all); do kill -9 "$p" 2>/dev/null; done
	abort_mounts
	for m in $(ourmounts); do umount -l "$m" 2>/dev/null; done
	if [ "$rc" != 0 ] && [ "$rc" != 77 ]; then
		echo "--- log of $NAME"
		tail -n 25 "$W/log" 2>/dev/null
		echo "RESULT $NAME FAIL"
	fi
	rm -rf --one-file-system "$W"
	exit $rc
}

die() { echo "FAIL: $*"; exit 1; }
skip() { echo "SKIP $NAME: $*"; exit 77; }
need() { for c in "$@"; do command -v "$c" >/dev/null 2>&1 || skip "no $c"; done; }

bg() { setsid "$@" >>"$W/log" 2>&1 & LASTPID=$!; PIDS="$PIDS $LASTPID"; }
fg() { timeout 200 "$@" >>"$W/log" 2>&1 || die "exit $? from: $*"; }

# Note the libfuse files mapped by these processes (default: all of ours).
libs_of() {
	for p in "$@"; do
		l=$(awk '$6 ~ /lib(fuse|fuse3)\.so|libulockmgr/ && !s[$6]++ { print $6 }' "/proc/$p/maps" 2>/dev/null)
		for f in $l; do
			case " $LIBSEEN " in
			*" $f "*) ;;
			*)
				LIBSEEN="$LIBSEEN $f"
				echo "LIBFUSE $NAME: $f (pid $p, $(cat "/proc/$p/comm" 2>/dev/null))"
				;;
			esac
		done
	done
}
showlib() {
	libs_of $(ourpids) $PIDS "$@"
	[ -n "$LIBSEEN" ] || echo "LIBFUSE $NAME: none mapped"
	if [ -n "${FUSE_EXPECT:-}" ] && [ "${NOLIB:-}" != 1 ]; then
		case "$LIBSEEN" in
		*"$FUSE_EXPECT"*) ;;
		*) die "mapped [$LIBSEEN], wanted $FUSE_EXPECT" ;;
		esac
	fi
}

# Limits of time are for what hangs: a busy machine takes long.
wait_for() {
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 1200 ] || return 1
		sleep 0.05
	done
}
noneleft() { [ -z "$(ourpids)" ]; }
ended() { wait_for noneleft || die "does not end: $(ourpids | tr '\n' ' ')"; }

ismnt() { awk -v m="$1" '$2 == m && $3 ~ /^fuse/ { f = 1 } END { exit !f }' /proc/mounts; }
mounted() {
	m=${1:-$MNT}
	i=0
	while ! ismnt "$m"; do
		i=$((i + 1))
		[ $i -gt "${MWAIT:-1200}" ] && die "not mounted: $m" # keys are derived by seconds of computing
		sleep 0.1
	done
	i=0
	while ! timeout 60 stat "$m" >/dev/null 2>&1; do
		i=$((i + 1))
		[ $i -gt 50 ] && die "mount not answering: $m"
		sleep 0.1
	done
	echo "MOUNT $NAME: $(awk -v m="$m" '$2 == m { print $1, $3, $4 }' /proc/mounts | tail -1)"
	showlib
}
um() {
	m=${1:-$MNT}
	i=0
	until timeout 60 fusermount3 -u "$m" 2>/dev/null || timeout 60 fusermount -u "$m" 2>/dev/null ||
		timeout 60 umount "$m" 2>/dev/null; do
		i=$((i + 1))
		[ $i -gt 150 ] && die "cannot unmount $m"
		sleep 0.2
	done
	ismnt "$m" && die "still mounted: $m"
	return 0
}

# A TCP port nobody listens on.  Somebody else may take it before it is used: then try another.
freeport() {
	env -u LD_LIBRARY_PATH python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

has() { case " $1 " in *" $2 "*) return 0 ;; esac; return 1; }
sum() { sha256sum <"$1" | cut -d' ' -f1; }

rwtest() {
	d=$1
	shift
	o="$*"
	t=$d/t.$$
	ref=$W/ref.$$
	mkdir "$t" || die mkdir
	head -c 1234567 /dev/urandom >"$ref"
	cp "$ref" "$t/big" || die "write"
	[ "$(sum "$ref")" = "$(sum "$t/big")" ] || die "checksum after write"
	[ "$(stat -c %s "$t/big")" = 1234567 ] || die "size"
	echo hello >"$t/small" || die "small write"
	if ! has "$o" noappend; then
		echo world >>"$t/small" || die append
		[ "$(cat "$t/small")" = "hello
world" ] || die "append content"
	fi
	if ! has "$o" nopatch; then
		printf XYZ | dd of="$t/big" bs=1 seek=70000 conv=notrunc 2>/dev/null || die patch
		printf XYZ | dd of="$ref" bs=1 seek=70000 conv=notrunc 2>/dev/null
		cmp "$ref" "$t/big" || die "patch content"
	fi
	if ! has "$o" notrunc; then
		for n in 100000 150000; do
			truncate -s $n "$t/big" || die "truncate to $n"
			truncate -s $n "$ref"
			cmp "$ref" "$t/big" || die "content after truncate to $n"
		done
	fi
	if ! has "$o" norename; then
		mv "$t/big" "$t/big2" || die rename
		[ -e "$t/big" ] && die "old name remains"
		[ -e "$t/big2" ] || die "new name missing"
		echo x >"$t/victim"
		mv -f "$t/big2" "$t/victim" || die "rename over"
		[ "$(stat -c %s "$t/victim")" = "$(stat -c %s "$ref")" ] || has "$o" notrunc || die "rename over size"
		mkdir "$t/d1"
		echo a >"$t/d1/f"
		mv "$t/d1" "$t/d2" || die "rename dir"
		[ "$(cat "$t/d2/f")" = a ] || die "renamed dir content"
	fi
	if ! has "$o" nolink; then
		ln "$t/small" "$t/hard" || die link
		has "$o" nlink1 || [ "$(stat -c %h "$t/hard")" -ge 2 ] || die nlink
		cmp "$t/small" "$t/hard" || die "link content"
	fi
	if ! has "$o" nosym; then
		ln -s small "$t/sym" || die symlink
		[ "$(readlink "$t/sym")" = small ] || die readlink
	fi
	if ! has "$o" nochmod; then
		chmod 640 "$t/small" || die chmod
		[ "$(stat -c %a "$t/small")" = 640 ] || die "mode"
	fi
	if ! has "$o" notime; then
		touch -d '2020-02-02 02:02:02 UTC' "$t/small" || die utimes
		[ "$(stat -c %Y "$t/small")" = 1580608922 ] || die mtime
	fi
	mkdir "$t/many" || die mkdir
	i=0
	while [ $i -lt 60 ]; do
		: >"$t/many/file-with-a-name-$i" || die create
		i=$((i + 1))
	done
	[ "$(ls "$t/many" | wc -l)" = 60 ] || die "readdir count $(ls "$t/many" | wc -l)"
	rm "$t"/many/* || die unlink
	rmdir "$t/many" || die rmdir
	has "$o" nostatfs || stat -f "$d" >/dev/null || die statfs
	if ! has "$o" noopenunlink; then
		exec 8>"$t/gone" || die open
		rm "$t/gone" || die "unlink open"
		echo still >&8 || die "write after unlink"
		exec 8>&-
	fi
	# RELEASE is asynchronous, so a .fuse_hidden file of the step above may outlive its close a moment
	if ! has "$o" keep; then
		i=0
		until rm -r "$t" 2>/dev/null; do
			i=$((i + 1))
			[ $i -gt 150 ] && die "rm -r"
			sleep 0.2
		done
		[ -e "$t" ] && die "rm -r left something"
	fi
	rm -f "$ref"
	return 0
}

# A small source tree; nosym: without a symbolic link.
mktree() {
	mkdir -p "$1/sub/deep"
	echo alpha >"$1/a.txt"
	head -c 300000 /dev/urandom >"$1/sub/rnd.bin"
	seq 1 20000 >"$1/sub/deep/seq.txt"
	: >"$1/empty"
	[ "${2:-}" = nosym ] || ln -s a.txt "$1/link"
}
rotest() {
	diff -r "$1" "$2" >>"$W/log" 2>&1 || die "trees differ"
	ls -lR "$2" >/dev/null || die ls
}

pass() {
	[ -n "$LIBSEEN" ] || [ "${NOLIB:-}" = 1 ] || echo "note: no libfuse seen"
	echo "RESULT $NAME PASS"
	exit 0
}
