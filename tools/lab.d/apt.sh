# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Getting packages of the machine's own distribution without installing them and without root.

APT_OPTS=()

apt_usable() {
	have apt-get && have apt-cache && have dpkg-deb && [ -r /etc/os-release ]
}

os_field() {
	sed -n "s/^$1=//p" /etc/os-release | tr -d '"' | head -n 1
}

# apt_private NAME [SOURCES]: from here on apt works on a state folder of the cache, filled from the
# machine's own sources or from the file SOURCES; /etc/apt and /var/lib/apt are only read.
apt_private() {
	local dir=$FASTNIC_CACHE/apt/$1 sources=${2:-}
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" || return 1
	APT_OPTS=(-o "Dir::State::lists=$dir/lists" -o "Dir::Cache=$dir/cache"
		-o "APT::Sandbox::User=$(id -un)" -o Acquire::Languages=none -o APT::Update::Post-Invoke::=
		-o APT::Update::Post-Invoke-Success::=)
	if [ -n "$sources" ]; then
		APT_OPTS+=(-o "Dir::Etc::sourcelist=$sources" -o Dir::Etc::sourceparts=/dev/null)
	fi
	timeout 180 apt-get "${APT_OPTS[@]}" -q -o APT::Update::Error-Mode=any update \
		>"$dir/update.log" 2>&1 && return
	warn "apt-get update into $dir failed: $(grep -m 1 '^[EW]:' "$dir/update.log")"
	return 1
}

# apt_field PACKAGE FIELD: that field of the candidate version.
apt_field() {
	apt-cache "${APT_OPTS[@]}" show --no-all-versions "$1" 2>/dev/null |
		sed -n "s/^$2: //p" | head -n 1
}

# apt_extract DIR PACKAGE...: download the packages and unpack them into DIR.
apt_extract() {
	local dir=$1 deb
	shift
	mkdir -p "$dir/debs" || return 1
	if ! (cd "$dir/debs" && timeout 600 apt-get "${APT_OPTS[@]}" -q \
		-o "APT::Sandbox::User=$(id -un)" download "$@") >"$dir/debs/log" 2>&1; then
		warn "apt-get download $* failed: $(grep -m 1 '^E:' "$dir/debs/log")"
		return 1
	fi
	for deb in "$dir"/debs/*.deb; do
		dpkg-deb -x "$deb" "$dir" || return 1
	done
	rm -rf "$dir/debs"
}
