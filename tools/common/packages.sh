# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh disable=SC2034 # the lists are used by those who source this
# Which packages of the distribution the README's commands need, and how they get installed. Sourced
# from the top of the tree.

# shellcheck source=tools/lab.d/packages.sh
. tools/lab.d/packages.sh

# Under the command that needs it; the lab has its own list. Debian's and Ubuntu's names agree.
packages_build="gcc libc6-dev cmake ninja-build pkg-config libpci-dev liburing-dev libjson-c-dev"
packages_test="g++ clang libcmocka-dev shellcheck clang-format-14 clang-tidy-14 jq perl valgrind"
packages_lab=$(lab_packages | tr '\n' ' ')
packages_demo="iperf3 iputils-ping jq"
packages_plot="gnuplot-nox"

# Not in every distribution: taken when there, and what needs them is a skip with a reason otherwise.
packages_optional="clang-format-14 clang-tidy-14"

package_installed() {
	case $(dpkg-query -W -f='${Status}' "$1" 2>/dev/null) in
	*' installed') return 0 ;;
	*) return 1 ;;
	esac
}

package_known() {
	[ -n "$(apt-cache policy "$1" 2>/dev/null)" ] && ! apt-cache policy "$1" | grep -q 'Candidate: (none)'
}

package_is_optional() {
	case " $packages_optional " in *" $1 "*) return 0 ;; *) return 1 ;; esac
}

# packages_missing NAME...: those that are not installed, and that can be had or must be.
packages_missing() {
	for package in "$@"; do
		package_installed "$package" && continue
		package_is_optional "$package" && ! package_known "$package" && continue
		printf '%s ' "$package"
	done
}

# packages_install NAME...: installs what is missing, after saying so; or says what to type, and fails.
packages_install() {
	if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
		echo "Neither Debian nor Ubuntu: nothing is installed for you. Needed are, by Debian names:"
		echo "  $*"
		[ -n "${FASTNIC_NO_INSTALL:-}" ] && return 0
		echo "Install them, then type: FASTNIC_NO_INSTALL=1 $0"
		return 1
	fi
	missing=$(packages_missing "$@")
	[ -z "$missing" ] && return 0
	if [ -n "${FASTNIC_NO_INSTALL:-}" ] || [ "$(id -u)" != 0 ]; then
		echo "These packages are missing, and only root can install them. Type:"
		echo "  sudo apt-get install --no-install-recommends $missing"
		return 1
	fi
	echo "Installing with apt-get: $missing"
	apt_log=$(mktemp)
	# Lists that are old or absent are the usual reason for a failure: get them first. The names are
	# words on purpose.
	# shellcheck disable=SC2086
	if ! { apt-get -q update && missing=$(packages_missing "$@") &&
		DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends $missing; } \
		>"$apt_log" 2>&1 </dev/null; then
		tail -n 5 "$apt_log"
		echo "apt-get failed. Its whole output is in $apt_log. Mend that, or type yourself:"
		echo "  apt-get install --no-install-recommends $missing"
		return 1
	fi
	rm -f "$apt_log"
}
