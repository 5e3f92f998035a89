#!/bin/sh
# The examples that come with python3-fuse: hello.py and xmp.py.
. "$(dirname "$0")/_common.sh"
begin python3-fuse-examples; need /usr/bin/python3
E=/usr/share/doc/python3-fuse/examples/example
[ -e $E/hello.py ] && [ -e $E/xmp.py ] || skip "python3-fuse's examples are not installed"
/usr/bin/python3 -c 'import fuse; fuse.Fuse' 2>/dev/null || skip "no python3-fuse"
cp $E/*.py $W/ && cd $W || die "copy"
bg /usr/bin/python3 $W/hello.py -f $MNT
mounted; [ "$(ls $MNT)" = hello ] || die "hello lists $(ls $MNT)"; [ "$(cat $MNT/hello)" = "Hello World!" ] || die "hello says $(cat $MNT/hello)"; um
mkdir $W/src; bg /usr/bin/python3 $W/xmp.py -f -o root=$W/src $MNT
mounted; rwtest $MNT; echo via >$MNT/v; [ "$(cat $W/src/v)" = via ] || die through; um; pass
