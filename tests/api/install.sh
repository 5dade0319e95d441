#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# install.sh BUILD: the README's applications build against an installed fastnic as C and as C++, with
# pkg-config (the first one with CMake, too, and static), and run.
set -eu
build=$1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
prefix=$tmp/prefix

DESTDIR='' cmake --install "$build" --prefix "$prefix" >"$tmp/install.log"
# An installation goes where it is told: pkg-config must find it there.
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name fastnic.pc)")
export PKG_CONFIG_PATH

# application N: the Nth of them.
application() {
	awk -v want="$1" '/^```c$/ { on = ++n == want; next } /^```$/ { on = 0 } on' README.md
}
# is_short FILE MOST: it is there, and no longer than the README promises.
is_short() {
	lines=$(grep -c . "$1")
	echo "the README's ${1##*/} has $lines lines"
	[ "$lines" -ge 10 ] && [ "$lines" -le "$2" ]
}
application 1 >"$tmp/app.c"
is_short "$tmp/app.c" 27
application 2 >"$tmp/poller.c"
is_short "$tmp/poller.c" 36
for name in app poller; do
	cp "$tmp/$name.c" "$tmp/$name.cc"
done

# Each program is run with an address that is none: it must start, and fail with the library's sentence.
try() {
	echo "+ $1"
	out=$("$2" nonsense nonsense 2>&1) && { echo "it did not fail"; exit 1; }
	echo "$out"
	echo "$out" | grep -q 'is no PCI address'
}

# The flags are words on purpose.
# shellcheck disable=SC2046
{
	for name in app poller; do
		cc -std=c11 -Wall -Wextra -Werror -o "$tmp/$name" "$tmp/$name.c" $(pkg-config --cflags --libs fastnic)
		c++ -std=c++17 -Wall -Wextra -Werror -Wno-missing-field-initializers -o "$tmp/$name++" "$tmp/$name.cc" \
			$(pkg-config --cflags --libs fastnic)
	done
	rm -rf "$tmp/archives"
	mkdir "$tmp/archives"
	cp "$(find "$prefix" -name libfastnic.a)" "$tmp/archives/"
	cc -std=c11 -o "$tmp/static" "$tmp/app.c" -L"$tmp/archives" $(pkg-config --cflags --static --libs fastnic |
		sed "s|-L[^ ]*/pkgconfig/[^ ]*||g")
}
echo "+ the installed l2fwd finds its library"
env -u LD_LIBRARY_PATH "$prefix/bin/l2fwd" --help >"$tmp/help"
grep -q '^Usage: l2fwd' "$tmp/help"
lib=$(dirname "$(find "$prefix" -name libfastnic.so)")
for name in app poller; do
	LD_LIBRARY_PATH=$lib try "$name: C, pkg-config, shared" "$tmp/$name"
	LD_LIBRARY_PATH=$lib try "$name: C++, pkg-config, shared" "$tmp/$name++"
done
try "C, pkg-config --static" "$tmp/static"
if ldd "$tmp/static" | grep -q fastnic; then
	echo "the static program wants the shared library"
	exit 1
fi

cat >"$tmp/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.22)
project(app LANGUAGES C CXX)
find_package(fastnic REQUIRED)
add_executable(app app.c)
target_link_libraries(app PRIVATE fastnic::fastnic)
add_executable(app_static app.cc)
set_target_properties(app_static PROPERTIES CXX_STANDARD 17)
target_link_libraries(app_static PRIVATE fastnic::fastnic_static)
CMAKE
cmake -G Ninja -S "$tmp" -B "$tmp/out" -DCMAKE_PREFIX_PATH="$prefix" >"$tmp/cmake.log"
cmake --build "$tmp/out" >>"$tmp/cmake.log"
try "C, CMake, shared" "$tmp/out/app"
try "C++, CMake, static" "$tmp/out/app_static"

# Whoever links the shared library needs no development files of what it is made from.
(
	PKG_CONFIG_LIBDIR=$PKG_CONFIG_PATH
	PKG_CONFIG_PATH=''
	export PKG_CONFIG_LIBDIR PKG_CONFIG_PATH
	pkg-config --cflags --libs fastnic >/dev/null
)
sed -i '/app_static/d' "$tmp/CMakeLists.txt"
rm -rf "$tmp/out"
PKG_CONFIG_PATH='' PKG_CONFIG_LIBDIR=/nowhere cmake -G Ninja -S "$tmp" -B "$tmp/out" \
	-DCMAKE_PREFIX_PATH="$prefix" >"$tmp/cmake.log"
cmake --build "$tmp/out" >>"$tmp/cmake.log"
try "C, CMake, shared, without the development files of libpci and liburing" "$tmp/out/app"

# A public header that was not installed would not have been missed above.
for header in include/fastnic/*.h; do
	[ -f "$prefix/$header" ]
done
