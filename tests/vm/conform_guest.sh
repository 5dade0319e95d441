#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# conform_guest.sh BDF BDF PLACE [OPTION]...: in the guest: gives these two, of which the second is below a root
# port, to VFIO, leaves the other NICs to the kernel, runs the behaviours, and prints how far those with long
# counts came, and the results file behind "@result".
set -eu
CONFORM_DEVICE=$1 CONFORM_PEER=$N1
CONFORM_BELOW=$2 CONFORM_BELOW_PEER=$N3
export CONFORM_DEVICE CONFORM_PEER CONFORM_BELOW CONFORM_BELOW_PEER

shift 2

# The wire is quiet: IPv6 would announce itself.
for file in /proc/sys/net/ipv6/conf/*/disable_ipv6; do
	[ ! -e "$file" ] || echo 1 >"$file"
done
fastnic-bind bind "$CONFORM_DEVICE" "$CONFORM_BELOW"
CONFORM_COUNTS=/tmp/counts
export CONFORM_COUNTS
status=0
# One at a time: there is one device.
conform --jobs 1 --results /tmp/results --place "$@" || status=$?
[ ! -e $CONFORM_COUNTS ] || cat $CONFORM_COUNTS
sed 's/^/@result /' /tmp/results
exit $status
