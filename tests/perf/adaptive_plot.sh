#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Draws the processor time, the interrupts a second and the median latency of the three modes over the packet rate:
# tests/perf/adaptive_plot.sh [--quick | --stepped] [--data FILE] [DIR]. Measures with the build's program on the
# threaded model, unless FILE has what an earlier run left; writes adaptive-cpu.svg, adaptive-interrupts.svg,
# adaptive-latency.svg and adaptive.dat into DIR (docs). --quick: so short that the figures say nothing.
# --stepped: on the stepped model, in a virtual time, whatever else the machine does: the counts are those of the
# shipped loop, and the costs are assumed.
set -eu
cd "$(dirname "$0")/../.."
build=${FASTNIC_BUILD:-build}
# shellcheck source=tools/common/packages.sh
. tools/common/packages.sh

quick=
stepped=
data=
dir=docs
while [ $# -gt 0 ]; do
	case $1 in
	--quick) quick=--quick ;;
	--stepped) stepped=1 ;;
	--data)
		[ $# -gt 1 ] || {
			echo "adaptive_plot.sh: --data needs a file" >&2
			exit 2
		}
		data=$2
		shift
		;;
	-*)
		echo "adaptive_plot.sh: unknown option $1; there are --quick, --stepped and --data FILE" >&2
		exit 2
		;;
	*) dir=$1 ;;
	esac
	shift
done
# The names are words.
# shellcheck disable=SC2086
packages_install $packages_plot

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
if [ -n "$data" ]; then
	cp "$data" "$out/adaptive.dat"
elif [ -n "$stepped" ]; then
	{
		echo "# stepped model, virtual time: a wake 15 us late and 8.4 us of CPU, a round 60 ns, a packet 40 ns"
		echo "# packets/s, then of poll, interrupt and adaptive (balanced) each: share of a core, interrupts a"
		echo "# second, p50 in us. virtio-net with event index."
		"$build/bin/adaptive_stepped" sweep
	} >"$out/adaptive.dat"
else
	"$build/bin/adaptive" $quick sweep >"$out/said" || {
		status=$?
		cat "$out/said"
		exit $status
	}
	{
		sed -n 's/^note|\([^|;]*\);[^|]*|\(.*\)$/# threaded model: \1; loaded: \2/p' "$out/said" |
			sed 's/; loaded: $//'
		echo "# packets/s, then of poll, interrupt and adaptive (balanced) each: share of a core, interrupts a"
		echo "# second, p50 in us. virtio-net with event index; the last line is saturation."
		grep -E '^[0-9]' "$out/said"
	} >"$out/adaptive.dat"
fi

title=$(sed -n '1s/^# //p' "$out/adaptive.dat")

# draw NAME TITLE COLUMN OPTIONS: of poll, interrupt and adaptive, from column COLUMN on, three apart.
draw() {
	gnuplot <<TEXT
set terminal svg size 720,400 dynamic background '#ffffff' font 'sans-serif,13'
set output '$out/$1.svg'
set title "$title" font ',10'
set logscale x
set format x '10^{%T}'
set grid
set xlabel 'packets/s'
set ylabel '$2'
$4
plot '$out/adaptive.dat' using 1:$3 with linespoints pt 6 lc rgb '#888888' title 'poll', \
	'' using 1:$(($3 + 3)) with linespoints pt 4 lc rgb '#cc3311' title 'interrupt', \
	'' using 1:$(($3 + 6)) with linespoints pt 7 ps 0.6 lc rgb '#0077bb' title 'adaptive'
TEXT
}

draw adaptive-cpu 'share of a core' 2 'set yrange [0:1.05]; set key left center'
draw adaptive-interrupts 'interrupts a second' 3 'set yrange [0:*]; set key left top'
draw adaptive-latency 'p50 latency, us' 4 'set logscale y; set key left top'
mkdir -p "$dir"
cp "$out"/adaptive-*.svg "$out/adaptive.dat" "$dir/"
echo "$dir: adaptive-cpu.svg, adaptive-interrupts.svg, adaptive-latency.svg, adaptive.dat"
