# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034 # variables shared with the other parts
# Which QEMU runs the guest: the installed one, or a newer one of the backports suite in the cache.

# The NIC models that fastnic has or will have a driver for.
LAB_MODELS="virtio-net-pci e1000e igb vmxnet3"

# qemu_choose MODEL...: set QEMU (command and its fixed options) and QEMU_VERSION.
qemu_choose() {
	local model missing=
	QEMU_BIN=$(command -v "${LAB_QEMU:-qemu-system-x86_64}") || {
		[ -z "${LAB_QEMU:-}" ] || die "LAB_QEMU=$LAB_QEMU: no such program"
		die "QEMU is not installed: apt-get install qemu-system-x86"
	}
	QEMU=("$QEMU_BIN")
	QEMU_VERSION=$(qemu_version) ||
		die "$QEMU_BIN does not start: $("$QEMU_BIN" --version 2>&1 | tail -n 1)"
	for model in "$@"; do
		qemu_has "$model" || missing=$model
	done
	[ -n "$missing" ] || return 0
	qemu_backport "$missing"
	qemu_has "$missing" || die "QEMU $QEMU_VERSION has no NIC model $missing either"
}

qemu_version() {
	local line
	line=$("${QEMU[@]}" --version 2>/dev/null | head -n 1) || return 1
	line=${line#*version }
	[ -n "$line" ] && echo "${line%% *}"
}

# qemu_has MODEL. Not by the list of all: for that a QEMU of the cache also loads the modules of the
# installed one, and fails.
qemu_has() {
	"${QEMU[@]}" -device "$1,help" 2>/dev/null </dev/null | grep -q "^$1 options:"
}

# qemu_backport MODEL: switch to the QEMU of the backports suite.
qemu_backport() {
	local model=$1 old=$QEMU_VERSION sources dir stamp
	stamp=$FASTNIC_CACHE/qemu/current
	dir=$(cat "$stamp" 2>/dev/null)
	if [ -z "$dir" ] || [ ! -d "$dir" ]; then
		[ "$(os_field ID)" = debian ] ||
			die "QEMU $old has no NIC model $model: install QEMU 8.0 or newer, or set LAB_QEMU" \
				"to its program"
		sources=$FASTNIC_CACHE/qemu/backports.sources
		mkdir -p "$FASTNIC_CACHE/qemu"
		warn "QEMU $old has no NIC model $model: fetching a newer one from the backports suite (once)"
		{ qemu_sources >"$sources.$$" && mv "$sources.$$" "$sources" &&
			apt_private backports "$sources" && dir=$(qemu_backport_dir) &&
			cache_fill "$dir" qemu_unpack; } ||
			die "QEMU $old has no NIC model $model and none could be fetched from backports:" \
				"install QEMU 8.0 or newer, or set LAB_QEMU to its program"
		printf '%s\n' "$dir" >"$stamp.$$" && mv "$stamp.$$" "$stamp"
	fi
	touch -c "$dir"
	qemu_use "$dir"
}

# qemu_sources: the machine's own source of its Debian suite, and the same mirror's backports suite.
qemu_sources() {
	local codename uri entry
	codename=$(os_field VERSION_CODENAME)
	# shellcheck disable=SC2016 # apt's own variables
	read -r uri entry < <(apt-get indextargets --format '$(REPO_URI) $(SOURCESENTRY)' \
		'Created-By: Packages' "Release: $codename" 'Component: main' 2>/dev/null | head -n 1)
	[ -n "$uri" ] || { warn "no source of suite $codename in this machine's apt sources"; return 1; }
	printf 'Types: deb\nURIs: %s\nSuites: %s %s-backports\nComponents: main\n' \
		"$uri" "$codename" "$codename"
	qemu_signed_by "${entry%:*}" "$uri"
}

# qemu_signed_by FILE URI: the Signed-By that goes with URI in a sources file of either format.
qemu_signed_by() {
	local uri=${2%/}
	case $1 in
	*.sources)
		awk -v uri="$uri" 'BEGIN { RS = "" }
			index($0, uri) {
				n = split($0, line, "\n")
				for (i = 1; i <= n; i++) {
					if (line[i] ~ /^[^ \t#]/)
						on = tolower(line[i]) ~ /^signed-by:/
					if (on)
						print line[i]
				}
				exit
			}' "$1"
		;;
	*)
		grep -F "$uri" "$1" | sed -n 's/^deb .*\[[^]]*signed-by=\([^] ]*\).*/Signed-By: \1/p' | head -n 1
		;;
	esac
}

# qemu_backport_dir: where the newest QEMU of the backports suite goes.
qemu_backport_dir() {
	local version
	version=$(apt-cache "${APT_OPTS[@]}" madison qemu-system-x86 2>/dev/null |
		awk -F '|' '/-backports/ { gsub(/ /, "", $2); print $2; exit }')
	[ -n "$version" ] || { warn "the backports suite has no qemu-system-x86"; return 1; }
	echo "$FASTNIC_CACHE/qemu/${version//:/_}"
}

# qemu_unpack DIR: QEMU and every package that it needs and this machine lacks (or has too old).
qemu_unpack() {
	local list
	list=$(apt-get "${APT_OPTS[@]}" -o Debug::NoLocking=1 -s --no-install-recommends install \
		"qemu-system-x86/$(os_field VERSION_CODENAME)-backports" 2>/dev/null |
		sed -n 's/^Inst \([^ ]*\) \(\[[^]]*\] \)\?(\([^ ]*\) .*/\1=\3/p')
	case " $list" in
	*qemu-system-x86*) ;;
	*)
		warn "apt finds no way to satisfy QEMU's dependencies"
		return 1
		;;
	esac
	# shellcheck disable=SC2086 # a list of package names
	apt_extract "$1" $list || return 1
	rm -rf "${1:?}/usr/share/doc" "$1/usr/share/man"
	qemu_use "$1"
	qemu_version >/dev/null && return
	warn "the QEMU that was fetched does not start: $("${QEMU[@]}" --version 2>&1 | tail -n 1)"
	return 1
}

# qemu_use DIR: run the QEMU unpacked there, with its own libraries, modules and firmware.
qemu_use() {
	local lib=$1/usr/lib/x86_64-linux-gnu dir
	QEMU_BIN=$1/usr/bin/qemu-system-x86_64
	QEMU=(env "LD_LIBRARY_PATH=$lib:$1/lib/x86_64-linux-gnu${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
		"QEMU_MODULE_DIR=$lib/qemu" "$QEMU_BIN")
	for dir in "$1"/usr/share/qemu "$1"/usr/share/seabios "$1"/usr/lib/ipxe/qemu; do
		[ ! -d "$dir" ] || QEMU+=(-L "$dir")
	done
	QEMU_VERSION=$(qemu_version)
}
