#!/bin/sh
# run-all.sh [--report FILE] [--jobs N] [NAME...]
# Run the tests, one result line each.  Every test has a time limit.  Exit status 1 if any failed.
#   --report FILE  also write a table: name, result, seconds, library, reason, separated by tabs
#   --jobs N       run N at a time (1)
# Environment: LD_LIBRARY_PATH and FUSE_EXPECT as in README.md; LOGDIR keeps the full logs;
# NICE=1 runs with the lowest priority.
cd "$(dirname "$0")" || exit 2
usage() { sed -n '2,7s/^# \{0,1\}//p' run-all.sh; exit "$1"; }

# One test: its own process, so that several can run at once.  Leaves its line in $OUT/NAME.
if [ "${1:-}" = --one ]; then
	n=$2
	s=$(date +%s)
	${NICE:+nice -n 19} timeout -k 10 280 "./$n.sh" >"$LOGDIR/$n.log" 2>&1 </dev/null
	rc=$?
	secs=$(($(date +%s) - s))
	case $rc in 0) r=PASS ;; 77) r=SKIP ;; 124 | 137) r=TIMEOUT ;; *) r=FAIL ;; esac
	lib=$(sed -n 's/^LIBFUSE [^:]*: \([^ ]*\) (.*/\1/p' "$LOGDIR/$n.log" | sort -u | tr '\n' ' ')
	lib=${lib% }
	why=
	[ $r = PASS ] || why=$(grep -a -E '^(FAIL|SKIP)' "$LOGDIR/$n.log" | tail -1 | tr '\t' ' ')
	[ $r = PASS ] && [ -z "$lib" ] && grep -q '^NOLIB=1\|[; ]NOLIB=1' "$n.sh" && why="control: brings its own FUSE code"
	printf '%s\t%s\t%s\t%s\t%s\n' "$n" "$r" "$secs" "${lib:--}" "$why" >"$OUT/$n"
	printf '%-20s %-8s %3ss  %s %s\n' "$n" "$r" "$secs" "${lib:--}" "$why"
	case $r in PASS | SKIP) exit 0 ;; esac
	exit 1
fi

report=
jobs=1
while [ $# -gt 0 ]; do
	case $1 in
	--report) report=${2:?}; shift 2 ;;
	--jobs) jobs=${2:?}; shift 2 ;;
	-h | --help) usage 0 ;;
	-*) usage 2 >&2 ;;
	*) break ;;
	esac
done
[ $# -gt 0 ] || set -- $(ls -- *.sh | grep -v -E '^(_common|run-all|compare|in-root|make-root)\.sh$' | sed 's/\.sh$//')
for n in "$@"; do
	[ -x "$n.sh" ] || { echo "run-all.sh: no test called $n" >&2; exit 2; }
done

case $report in '' | /*) ;; *) report=$OLDPWD/$report ;; esac
OUT=$(mktemp -d) || exit 2
trap 'rm -rf "$OUT"' EXIT
trap 'exit 130' INT TERM
[ -n "${LOGDIR:-}" ] || LOGDIR=$OUT/logs
mkdir -p "$LOGDIR"
export OUT LOGDIR
printf '%s\n' "$@" | xargs -P "$jobs" -n 1 ./run-all.sh --one
rc=$?
if [ -n "$report" ]; then
	{
		printf 'name\tresult\tseconds\tlibrary\treason\n'
		for n in "$@"; do cat "$OUT/$n"; done
	} >"$report" || exit 2
fi
[ $rc = 0 ] || exit 1
