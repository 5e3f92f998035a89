#!/bin/sh
# make-root.sh DIR [SUITE [MIRROR]]
# Makes a Debian root in DIR (SUITE: trixie, which is Debian 13) with the programs of packages.txt that are in it, for
# in-root.sh.  Needs root, debootstrap and the network; about three minutes and 2.5 GB.  One that is complete is kept.
set -eu
[ $# -ge 1 ] || { sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
suite=${2:-trixie}
mirror=${3:-http://deb.debian.org/debian}
mkdir -p "$1"
root=$(cd "$1" && pwd -P)
cmp -s "$here/packages.txt" "$root/made-with" && exit 0
if [ ! -e "$root/bootstrapped" ]; then
	command -v debootstrap >/dev/null || { echo "make-root.sh: debootstrap is not installed" >&2; exit 1; }
	rm -rf --one-file-system "$root"
	debootstrap --variant=minbase "$suite" "$root" "$mirror"
	touch "$root/bootstrapped"
fi
cp -L /etc/resolv.conf "$root/etc/" 2>/dev/null || :
cp "$here/packages.txt" "$root/packages.txt"
# no daemon is started in there
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod +x "$root/usr/sbin/policy-rc.d"
root=$root exec unshare -m --propagation private sh -c '
	mount --rbind /dev "$root/dev" && mount -t proc proc "$root/proc" || exit 1
	exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive sh -c "
		apt-get -q update || exit 1
		set --
		for p in \$(cat packages.txt) procps; do
			if apt-get -q -s install \$p >/dev/null 2>&1; then set -- \"\$@\" \$p; else echo \"\$p: not in this suite\"; fi
		done
		apt-get -q -y --no-install-recommends install \"\$@\" && cp packages.txt made-with
	"'
