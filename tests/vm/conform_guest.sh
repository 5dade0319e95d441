#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# conform_guest.sh BDF PLACE [OPTION]...: in the guest: gives BDF to VFIO, leaves the other NIC to the kernel,
# runs the behaviours, and prints the results file behind "@result".
set -eu
CONFORM_DEVICE=$1
CONFORM_PEER=$N1
export CONFORM_DEVICE CONFORM_PEER

shift

# The wire is quiet: IPv6 would announce itself.
for file in /proc/sys/net/ipv6/conf/*/disable_ipv6; do
	[ ! -e "$file" ] || echo 1 >"$file"
done
fastnic-bind bind "$CONFORM_DEVICE"
status=0
# One at a time: there is one device.
conform --jobs 1 --results /tmp/results --place "$@" || status=$?
sed 's/^/@result /' /tmp/results
exit $status
