#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The half of tests/perf/guest that perf.guest leaves out, without a package and without a guest: which packages of
# testpmd's are asked for, read out of what apt says, and what is printed of testpmd's windows.
# shellcheck source=tests/lab/common.sh
. "$(dirname "$0")/../lab/common.sh"
# shellcheck source=/dev/null # checked by themselves
. "$LAB_PARTS/apt.sh"
# shellcheck source=tests/perf/guest_dpdk.sh
. "$REPO/tests/perf/guest_dpdk.sh"

mkdir "$TMP/bin"
cat >"$TMP/bin/apt-cache" <<'APT'
#!/bin/sh
case $* in
*"depends dpdk")
	cat <<'TEXT'
dpdk
  Depends: hwdata
  Depends: librte-net-e1000-23
 |Depends: librte-net-virtio23
  Suggests: librte-net-vmxnet3-23
  Recommends: librte-mempool-ring23
  Depends: librte-net-ring23
  Depends: librte-net-e1000-vf23
TEXT
	;;
*"show --no-all-versions dpdk-dev")
	cat <<'TEXT'
Package: dpdk-dev
Version: 22.11.4-1
Depends: librte-eal23 (= 22.11.4-1), libfdt1 (>= 1.0) | libfdt, libdpdk-dev (= 22.11.4-1), python3:any, libpcap0.8
Version: 22.11.3-1
TEXT
	;;
esac
APT
cat >"$TMP/bin/apt-get" <<'APT'
#!/bin/sh
echo "$*" >"$0.said"
while [ "$1" != install ]; do shift; done
shift
for name; do
	case $name in
	libpcap0.8) echo "Inst $name [1.9-1] (1.10-1+deb12 Debian:12/stable [amd64]) []" ;;
	libfdt1) ;;
	*) echo "Inst $name (22.11.4-1 Debian:12/stable, Debian-Security:12 [amd64])" ;;
	esac
	echo "Conf $name (22.11.4-1 Debian:12/stable [amd64])"
done
APT
chmod 755 "$TMP/bin"/*
PATH=$TMP/bin:$PATH
APT_OPTS=()
dpdk_packages >"$TMP/packages"
check "testpmd, what it needs, and its drivers, each with its version" same "$(tr '\n' ' ' <"$TMP/packages")" \
	"dpdk-dev=22.11.4-1 librte-eal23=22.11.4-1 libpcap0.8=1.10-1+deb12 librte-mempool-ring23=22.11.4-1 \
librte-net-e1000-23=22.11.4-1 librte-net-virtio23=22.11.4-1 librte-net-vmxnet3-23=22.11.4-1 "
check "nothing is installed: apt only says what it would do" has "$TMP/bin/apt-get.said" \
	' -s --no-install-recommends install librte-eal23 libfdt1 libpcap0.8 librte-mempool'

# Rounds are told apart by the turns' numbers: 1200 and 1000, 1000 and 500 kpps.
cat >"$TMP/lines" <<'TEXT'
@window 1 l2fwd 1300000 1200000 9 1000000 30000 500 500 31.5
@window 2 testpmd 1300000 1000000 9 1000000 90000 500 500
@window 3 testpmd 1300000 500000 0 1000000 70000 500 500
@window 4 l2fwd 1300000 1000000 9 1000000 50000 500 500 32.0
@none 6 testpmd status 1: EAL: no driver
TEXT
awk -f "$REPO/tests/perf/guest_report.awk" -v forwarders="l2fwd testpmd" "$TMP/lines" >"$TMP/report"
check "windows in their rounds" has "$TMP/report" '^  testpmd +1000\.0 +500\.0$'
check "min, median, max" has "$TMP/report" '^  testpmd, kpps +500\.0 +750\.0 +1000\.0 +2$'
check "compared round by round" has "$TMP/report" '^  l2fwd / testpmd, goal 1\.2 +1\.20 +1\.60 +2\.00 +2$'
check "the time to the first frame" has "$TMP/report" '^  testpmd, first frame, ms +70 +80 +90 +2$'
check "why it ended" has "$TMP/report" '^  testpmd was not measured further: status 1: EAL: no driver$'
check "who was the limit" has "$TMP/report" '^  turn 3, testpmd: the NIC took all that was sent'
finish
