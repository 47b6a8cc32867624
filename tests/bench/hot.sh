#!/bin/bash
# Instructions that the shim adds to a pair of malloc and free, by the depth of the call stack.
#
#    tests/bench/hot.sh [SHIM]
#
# Counted by callgrind, so the machine's mood and its other work do not matter: each figure is the
# difference of two runs of hot.c with more and fewer pairs, under the shim, less the same without it.
# What happens once in so many microseconds or milliseconds (a new moment, asking the kernel again)
# is left out: under callgrind a second holds far fewer pairs than it does otherwise.
set -eu

root=$(realpath "$(dirname "$0")/../..")
shim=$(realpath "${1:-$root/build/libvmatlas.so}")
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
few=1000 many=5000

${CC:-cc} -O1 -fno-builtin -fno-optimize-sibling-calls -o "$room/hot" "$root/tests/bench/hot.c"

# count PRELOAD DEPTH PAIRS PLACES: instructions of the whole run.
count() {
	local out="$room/out.$3"

	LD_PRELOAD=$1 valgrind --tool=callgrind --callgrind-out-file="$out" \
		"$room/hot" "$2" "$3" "$4" >"$room/log" 2>&1 || { cat "$room/log" >&2; exit 1; }
	callgrind_annotate --inclusive=yes --threshold=100 "$out" | awk '
		{ gsub(",", "", $1) }
		/PROGRAM TOTALS/ { total = $1 }
		# A function stands there once for each file of what is inlined in it: the largest is all.
		/:moment_renew / && $1 > moments { moments = $1 }
		/:mappings_tag_slowly / && $1 > tags { tags = $1 }
		END { print total - moments - tags }'
}

# per_pair PRELOAD DEPTH PLACES
per_pair() {
	local more less

	more=$(count "$1" "$2" $many "$3") less=$(count "$1" "$2" $few "$3")
	echo $(((more - less) / (many - few)))
}

echo "| frames | one place | two places in turn |"
echo "|---|---|---|"
for depth in 8 28 90; do
	row="| $((depth + 7))"
	for places in 1 2; do
		row+=" | $(($(per_pair "$shim" $depth $places) - $(per_pair "" $depth $places)))"
	done
	echo "$row |"
done
