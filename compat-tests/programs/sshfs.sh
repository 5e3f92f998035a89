#!/bin/sh
. "$(dirname "$0")/_common.sh"
begin sshfs; need sshfs ssh ssh-keygen /usr/sbin/sshd python3
chmod 700 $W; mkdir $W/src; ssh-keygen -q -t ed25519 -N '' -f $W/hk; ssh-keygen -q -t ed25519 -N '' -f $W/uk
cp $W/uk.pub $W/ak; chmod 600 $W/ak; mkdir -p /run/sshd
sshd_is_up() { grep -q "Server listening" $W/sshd.log || ! kill -0 $SSHD; } 2>/dev/null
for try in 1 2 3 4 5; do
	PORT=$(freeport)
	: >$W/sshd.log
	env -u LD_LIBRARY_PATH /usr/sbin/sshd -D -e -f /dev/null -o Port=$PORT -o ListenAddress=127.0.0.1 -o HostKey=$W/hk \
		-o AuthorizedKeysFile=$W/ak -o StrictModes=no -o PidFile=$W/pid -o UsePAM=no -o PermitRootLogin=yes \
		-o PasswordAuthentication=no -o Subsystem="sftp /usr/lib/openssh/sftp-server" >>$W/sshd.log 2>&1 & PIDS="$PIDS $!"
	SSHD=$!; wait_for sshd_is_up
	grep -q "Server listening" $W/sshd.log && break
done
grep -q "Server listening" $W/sshd.log || die "sshd: $(tail -1 $W/sshd.log)"
bg sshfs -f -p $PORT -o IdentityFile=$W/uk -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ssh_command="env -u LD_LIBRARY_PATH ssh" "$(id -un)@127.0.0.1:$W/src" $MNT
mounted; rwtest $MNT nlink1; echo via >$MNT/v; [ "$(cat $W/src/v)" = via ] || die through; um; pass
