#!/bin/sh
# compare.sh LIBDIR [NAME...]
# Run every test on the libraries of this machine and on those in LIBDIR, and print both results side by
# side (a Markdown table; --tsv FILE keeps it as a table separated by tabs).  A program counts for LIBDIR only
# if a library from there was really mapped.  Exit status 1 if a test that passes on stock does not on LIBDIR.
#   --tsv FILE     write the table there, too
#   --stock FILE   a report of run-all.sh on stock to use instead of running it again
#   --jobs N       run N tests at a time (1)
cd "$(dirname "$0")" || exit 2
tsv=
stock=
jobs=1
while [ $# -gt 0 ]; do
	case $1 in
	--tsv) tsv=${2:?}; shift 2 ;;
	--stock) stock=${2:?}; shift 2 ;;
	--jobs) jobs=${2:?}; shift 2 ;;
	-*) sed -n '2,8s/^# \{0,1\}//p' compare.sh; exit 2 ;;
	*) break ;;
	esac
done
[ $# -ge 1 ] || { sed -n '2,8s/^# \{0,1\}//p' compare.sh >&2; exit 2; }
absolute() { case $1 in '' | /*) echo "$1" ;; *) echo "$OLDPWD/$1" ;; esac; }
tsv=$(absolute "$tsv")
stock=$(absolute "$stock")
dir=$(cd "$OLDPWD" && cd "$1" && pwd -P) || exit 2
shift
ls "$dir"/libfuse.so.2 >/dev/null && ls "$dir"/libfuse3.so.3 >/dev/null || exit 2

t=$(mktemp -d) || exit 2
trap 'rm -rf "$t"' EXIT
trap 'exit 130' INT TERM
if [ -z "$stock" ]; then
	stock=$t/stock
	env -u LD_LIBRARY_PATH FUSE_EXPECT= ./run-all.sh --jobs "$jobs" --report "$stock" "$@" >&2
fi
LD_LIBRARY_PATH=$dir FUSE_EXPECT=$dir/ ./run-all.sh --jobs "$jobs" --report "$t/ours" "$@" >&2
[ -s "$stock" ] && [ -s "$t/ours" ] || exit 2

awk -F '\t' -v OFS='\t' 'NR == FNR { r[$1] = $2; l[$1] = $4; w[$1] = $5; next }
	FNR == 1 { print "name", "API", "stock", "this library", "reason"; next }
	{
		lib = l[$1] " " $4
		api = lib ~ /libfuse3/ ? "FUSE 3" : lib ~ /libfuse\.so/ ? "FUSE 2" : "-"
		print $1, api, ($1 in r ? r[$1] : "-"), $2, ($5 != "" ? $5 : w[$1])
	}' "$stock" "$t/ours" >"$t/table"
[ -z "$tsv" ] || cp "$t/table" "$tsv" || exit 2
awk -F '\t' '{ printf "| %s | %s | %s | %s | %s |\n", $1, $2, $3, $4, $5 } NR == 1 { print "|---|---|---|---|---|" }' "$t/table"
awk -F '\t' 'NR > 1 { n++; s += $3 == "PASS"; o += $4 == "PASS"; if ($3 == "PASS" && $4 != "PASS") bad++ }
	END { printf "\n%d programs: %d pass on stock, %d here; %d lost\n", n, s, o, bad; exit bad > 0 }' "$t/table"
