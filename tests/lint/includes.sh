#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Includes point one way only: see the picture in docs/architecture.md.
set -eu
. tests/lint/sources.sh
bad=0
include='^[[:space:]]*#[[:space:]]*include[[:space:]]*(["<])([^">]*)[">].*'
layers='fastnic|base|mem|pkt|bus|dev|poll|drivers|tests'

# may FILE-PREFIX ALLOWED...: whatever a file below the prefix includes must start with one of ALLOWED.
may() {
	prefix=$1
	shift
	found=0
	for file in $(c_sources "$prefix"); do
		found=1
		# No path here has a space.
		# shellcheck disable=SC2013
		for inc in $(sed -nE "s/$include/\\2/p" "$file" | grep -E "^($layers)/"); do
			ok=0
			for allowed in "$@"; do
				case $inc in "$allowed"*) ok=1 ;; esac
			done
			if [ $ok = 0 ]; then
				echo "$file includes $inc: files below $prefix may include only: $*"
				bad=1
			fi
		done
	done
	if [ $found = 0 ]; then
		echo "no file below $prefix: has the tree moved? mend tests/lint/includes.sh"
		bad=1
	fi
}

may include/ fastnic/
may lib/base/ fastnic/ base/
may lib/mem/ fastnic/ base/ mem/
may lib/pkt/ fastnic/ base/ mem/ pkt/
may lib/bus/ fastnic/ base/ mem/ bus/
may lib/dev/ fastnic/ base/ mem/ pkt/ bus/ dev/ drivers/virtio/virtio_net.h \
	drivers/intel/e1000e/e1000e.h drivers/intel/igb/igb.h
may lib/poll/ fastnic/ base/ mem/ pkt/ bus/ dev/ poll/
may drivers/virtio/ fastnic/ base/ mem/ pkt/ bus/ dev/driver.h drivers/virtio/
# What both Intel drivers share lies above them and names neither (below).
may drivers/intel/ fastnic/ base/ mem/ pkt/ bus/ dev/driver.h drivers/intel/
may drivers/intel/e1000e/ fastnic/ base/ mem/ pkt/ bus/ dev/driver.h drivers/intel/intel drivers/intel/e1000e/
may drivers/intel/igb/ fastnic/ base/ mem/ pkt/ bus/ dev/driver.h drivers/intel/intel drivers/intel/igb/
may apps/ fastnic/

# lib/dev names no driver, apart from the registry.
for file in $(c_sources lib/dev/); do
	[ "$file" = lib/dev/registry.c ] && continue
	if grep -nE '#[[:space:]]*include.*drivers/' "$file"; then
		echo "$file names a driver: only lib/dev/registry.c may"
		bad=1
	fi
done

# Shared driver code knows no client of its own.
for file in $(c_sources drivers/intel/); do
	case $file in drivers/intel/*/*) continue ;; esac
	if grep -nE '#[[:space:]]*include.*drivers/intel/[^"]*/' "$file"; then
		echo "$file names a driver that uses it"
		bad=1
	fi
done

# Applications and public headers reach nothing of the tree by a relative path.
if grep -rnE '#[[:space:]]*include[[:space:]]*"\.\.' include lib drivers apps; then
	echo "an include climbs out of its folder: name the layer"
	bad=1
fi
# A public header must not need what C++17 does not have.
if grep -nE '#[[:space:]]*include[[:space:]]*<(stdatomic|threads|tgmath|complex)\.h>' include/fastnic/*.h; then
	echo "a public header includes what is not in C++17"
	bad=1
fi
exit $bad
