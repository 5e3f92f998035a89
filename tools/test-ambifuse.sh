#!/bin/sh
# Tests the ambifuse command. usage: test-ambifuse.sh AMBIFUSE  (needs cc; root for the mounts)
# The libraries are stubs made here, so nothing of FUSE need be built or installed.
set -u
ambifuse=$(realpath "$1")
self=$(realpath "$0")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
passed=0 failed=0 skipped=0

# check NAME STATUS PATTERN COMMAND...: exit status and a line of its output (both streams)
check() {
	name=$1 want=$2 pattern=$3
	shift 3
	timeout 80 "$@" >out 2>&1
	got=$?
	if [ $got -eq "$want" ] && grep -q -e "$pattern" out; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL $name: status $got (expected $want), output (expected '$pattern'):"
		sed 's/^/    /' out
	fi
}
lacks() {
	if grep -q -e "$2" out; then
		failed=$((failed + 1))
		echo "FAIL $1: output has '$2'"
		sed 's/^/    /' out
	else
		passed=$((passed + 1))
	fi
}
skip() {
	skipped=$((skipped + 1))
	echo "SKIP $1"
}

if [ -x "$(dirname "$ambifuse")/../compat-tests/cases/run" ]; then
	check conform-help 0 'usage: ambifuse conform' "$ambifuse" conform --help
	check conform-list 0 'fuse3 s name.rename-over-existing' "$ambifuse" conform --list --api 3 'name.*'
	check conform-usage 2 'unknown option --nonsense' "$ambifuse" conform --nonsense
	check conform-no-library 2 'there is no' "$ambifuse" conform --library "$tmp/none"
else
	skip "conform: the cases are not built"
fi

mkdir ours theirs through
echo 'int who(void) { return WHO; }' >lib.c
echo 'int who(void); int main(int c, char **v) { return c > 1 ? v[1][0] - 48 : who(); }' >prog.c
echo 'int main(void) { return 5; }' >plain.c
echo 'int who(void); int through(void) { return who(); }' >through.c
echo 'int through(void); int main(void) { return through(); }' >indirect.c
for n in fuse.so.2:fuse2 fuse3.so.3:fuse3; do
	so=lib${n%%:*} prog=${n##*:}
	cc -shared -fPIC -DWHO=7 -Wl,-soname,$so -o ours/$so lib.c
	cc -shared -fPIC -DWHO=9 -Wl,-soname,$so -o theirs/$so lib.c
	cc -o $prog prog.c theirs/$so
	cc -o $prog-rpath prog.c theirs/$so -Wl,--disable-new-dtags,-rpath,"$tmp/theirs"
done
cc -shared -fPIC -Wl,-soname,libthrough.so -o through/libthrough.so through.c theirs/libfuse3.so.3
cc -o indirect indirect.c through/libthrough.so -Wl,-rpath,"$tmp/through:$tmp/theirs"
cc -o neither plain.c
cc -static -o static plain.c
printf '#!/bin/sh\nexit 4\n' >script
printf 'exit 6\n' >bare
chmod +x script bare
cp fuse2 setuid && chmod 4755 setuid
: >notexec
mkdir adir

# the command itself
check no-command 2 'usage: ambifuse COMMAND' "$ambifuse"
check help 0 'run a FUSE program' "$ambifuse" help
check help-option 0 'run a FUSE program' "$ambifuse" --help
check help-command 0 'usage: ambifuse run' "$ambifuse" help run
check command-help 0 'usage: ambifuse abort' "$ambifuse" abort --help
check version 0 '^ambifuse [0-9]' "$ambifuse" --version
check unknown 2 "no command 'nosuch'" "$ambifuse" nosuch
check unknown-help 2 "no command 'nosuch'" "$ambifuse" help nosuch
check full-disk 1 'cannot write' sh -c '"$1" help >/dev/full' - "$ambifuse"

# run
export AMBIFUSE_LIBDIR="$tmp/ours"
export LD_LIBRARY_PATH="$tmp/theirs"
check run-2 7 'uses libfuse.so.2: ours' "$ambifuse" run ./fuse2
check run-3 7 'uses libfuse3.so.3: ours' "$ambifuse" run -- ./fuse3
check run-dirs 7 'LD_LIBRARY_PATH=.*/ours:.*/theirs$' "$ambifuse" run --debug -- ./fuse2
check run-path 7 'fuse2 uses libfuse.so.2' env PATH="$tmp:$PATH" "$ambifuse" run fuse2
check run-indirect 7 'uses libfuse3.so.3: ours' "$ambifuse" run ./indirect
mkdir links && ln -s ../ours/libfuse.so.2 links
check run-link 7 'ours (.*/links/' env AMBIFUSE_LIBDIR="$tmp/links" "$ambifuse" run ./fuse2
check run-arguments 3 'ours' "$ambifuse" run ./fuse2 3 --debug -x
check run-rpath 9 'warning: .*takes it from .*/theirs/libfuse.so.2.*RPATH' "$ambifuse" run ./fuse2-rpath
check run-neither 5 'neither libfuse.so.2 nor libfuse3.so.3' "$ambifuse" run ./neither
check run-static 5 'warning: .*statically' "$ambifuse" run ./static
check run-script 4 'script for /bin/sh.*run time' "$ambifuse" run ./script
check run-bare 6 'run time' "$ambifuse" run ./bare
if [ "$(id -u)" = 0 ]; then
	chown 1 setuid && chmod 4755 setuid
	check run-setuid 9 'warning: .*set-uid' env LD_LIBRARY_PATH= "$ambifuse" run ./setuid 9
else
	skip 'run-setuid: needs root'
fi
check run-missing 127 "cannot run './nosuch'" "$ambifuse" run ./nosuch
check run-missing-path 127 "cannot run 'nosuch'.*in PATH" "$ambifuse" run nosuch
check run-notexec 126 'Permission denied' "$ambifuse" run ./notexec
check run-dir 126 'Permission denied' "$ambifuse" run ./adir
check run-nothing 2 'give a program' "$ambifuse" run
check run-option 2 "no option '-x'" "$ambifuse" run -x ./fuse2
check run-nolib 1 'cannot find libfuse' env AMBIFUSE_LIBDIR=/nonexistent "$ambifuse" run ./fuse2
mkdir -p prefix/bin prefix/lib && cp "$ambifuse" prefix/bin && cp ours/* prefix/lib
check run-installed 7 'ours (.*/prefix/lib/' env AMBIFUSE_LIBDIR= prefix/bin/ambifuse run ./fuse2
mkdir -p tree/tools tree/fuse2 tree/fuse3 && cp "$ambifuse" tree/tools
cp ours/libfuse.so.2 tree/fuse2 && cp ours/libfuse3.so.3 tree/fuse3
check run-tree 7 'ours (.*/tree/fuse3/' env AMBIFUSE_LIBDIR= tree/tools/ambifuse run ./fuse3
# a file cut short crashes its own loader at most: the report before it was made
i=0 reports=0 cuts=0
while [ $i -lt 8192 ]; do
	head -c $i fuse2 >cut && chmod +x cut
	timeout 80 "$ambifuse" run ./cut >out 2>&1
	grep -q '^ambifuse: .*\./cut' out && reports=$((reports + 1))
	cuts=$((cuts + 1)) i=$((i + 97))
done
check run-cut 0 '^yes' sh -c '[ $1 -eq $2 ] && echo yes' - $reports $cuts

# attr
: >file && ln -s nowhere link && mkfifo fifo
check attr-arg 2 'give a file' "$ambifuse" attr
check attr-option 2 "no option '-x'" "$ambifuse" attr -x file
check attr-missing 1 "cannot read 'nosuch'" "$ambifuse" attr nosuch file
check attr-others-go-on 1 '^file$' "$ambifuse" attr nosuch file
check attr-born 0 '^  born ' "$ambifuse" attr file
check attr-flags 0 '^  flags ' "$ambifuse" attr -- file adir
check attr-second 0 '^adir$' "$ambifuse" attr file adir
check attr-link 0 '^link$' "$ambifuse" attr link
check attr-fifo 0 '^  flags .*' "$ambifuse" attr fifo
mkdir 'a
b'
check attr-escaped 0 '^a\\012b$' "$ambifuse" attr 'a
b'
if setfattr -n user.DOSATTRIB -v 0x000005000500000011000000270000004f7d8e2bb379dd01 file 2>/dev/null; then
	check attr-dos 0 'readonly, hidden, system, archive (user.DOSATTRIB)' "$ambifuse" attr file
	setfattr -n user.DOSATTRIB -v 0x00000500 file
	check attr-dos-bad 0 'user.DOSATTRIB cannot be understood: Invalid argument' "$ambifuse" attr file
else
	skip 'attr-dos: no setfattr, or no attributes here'
fi

# status and abort; a mount without a server is enough, in a mount namespace of its own
check status-arg 2 'takes no argument' "$ambifuse" status x
check abort-none 2 'give one mount point' "$ambifuse" abort
check abort-missing 1 "cannot abort 'no/such'" "$ambifuse" abort no/such
check abort-empty 1 "cannot abort '': No such file" "$ambifuse" abort ''
check abort-other 1 "'/proc' is not a FUSE mount" "$ambifuse" abort /proc
check abort-number 1 "'4294967295' is not a FUSE mount" "$ambifuse" abort 4294967295
cat >mounted.sh <<'EOF'
set -e
mkdir -p "a b" && exec 9<>/dev/fuse
mount -i -t fuse.st -o fd=9,rootmode=40000,user_id=0,group_id=0 "$(printf 'my\033src')" "$PWD/a b"
mount -t fusectl none /sys/fs/fuse/connections 2>/dev/null || true
"$1" status
cd "a b/.." && "$1" abort "a b/"
"$1" abort "$PWD/a b"
EOF
if [ "$(id -u)" = 0 ] && [ -w /dev/fuse ] && unshare -m true 2>/dev/null; then
	check status-mount 0 'aborted connection [0-9]* (fuse.st on .*/a b)' \
		unshare -m sh mounted.sh "$ambifuse"
	cp out mounted
	check status-line 0 '^[0-9][0-9]* *[0-9-]* *fuse.st  *my\\033src  *.*/a b$' cat mounted
	lacks status-escape "$(printf '\033')"
	cat >block.sh <<'EOF'
truncate -s 1M image && dev=$(losetup -f --show image) || exit 77
trap 'timeout 5 umount -l "$PWD/block"; losetup -d "$dev"' EXIT
mkdir block && exec 9<>/dev/fuse
mount -i -t fuseblk.st -o fd=9,rootmode=40000,user_id=0,group_id=0 "$dev" "$PWD/block" || exit 77
mount -t fusectl none /sys/fs/fuse/connections 2>/dev/null
number=$("$1" status | awk '$3 == "fuseblk.st" { print $1 }')
[ -e "/sys/fs/fuse/connections/$number/abort" ] && "$1" abort "$PWD/block"
EOF
	timeout 80 unshare -m sh block.sh "$ambifuse" >block.out 2>&1
	case $? in
	77) skip 'abort of a fuseblk mount: no loop device' ;;
	0) check abort-block 0 'aborted connection [0-9]* (fuseblk.st on .*/block)' cat block.out ;;
	*) check abort-block 0 'aborted' sh -c 'cat block.out; exit 1' ;;
	esac
elif [ "${REQUIRE_FUSE:-}" = 1 ]; then
	check require-fuse 0 . false
else
	skip 'status and abort of a mount: need root and /dev/fuse'
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
