#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Bad input gets status 125 and one sentence with the cause and the remedy, before anything is set up.
# shellcheck source=tests/lab/common.sh
. "$(dirname "$0")/common.sh"
export TMPDIR="$TMP/labs"
mkdir "$TMPDIR"

# refused CASE PATTERN ARG...
refused() {
	case=$1
	pattern=$2
	shift 2
	lab "$@" 2>/dev/null >/dev/null
	check "$case: status" same "$STATUS" 125
	check "$case: sentence" has "$ERR" "^lab: $pattern"
	check "$case: one sentence" same "$(wc -l <"$ERR")" 1
	check "$case: nothing printed, nothing left" test ! -s "$OUT" -a -z "$(ls "$TMPDIR")"
}

refused "no action" "say what to do: run, shell, prepare or qemu"
refused "unknown action" "boot: unknown action" boot
refused "unknown option" "--frobnicate: unknown option" run --frobnicate -- true
refused "option without value" "--nic needs a value" run --nic
refused "no command" "no command: " run --nic virtio-net-pci
refused "command without --" "true: put -- before the command" run true
refused "unknown model" "--nic rtl8139: give one of: virtio-net-pci e1000e igb vmxnet3" \
	run --nic rtl8139 -- true
refused "unknown model of qemu" "qemu rtl8139: give one of: virtio-net-pci e1000e igb vmxnet3" \
	qemu rtl8139
refused "unknown port" "--nic e1000e: port x: give one of: root rootport" run --nic e1000e,port=x -- true
refused "option of a NIC without value" "--nic e1000e,foo: 'foo' is not of the form OPT=VAL" \
	run --nic e1000e,foo -- true
refused "queues without tap" "queues=2 needs --wire tap or bridge" run --nic virtio-net-pci,queues=2 -- true
refused "queues of another model" "--nic igb,queues=2: queues= is for virtio-net-pci" \
	run --nic igb,queues=2 -- true
refused "unknown wire" "--wire string: give one of: tap bridge socket hub" run --wire string -- true
refused "no number" "--cpus many: give a number from 1 to 64" run --cpus many -- true
refused "no size" "--mem 12: give a size such as" run --mem 12 -- true
refused "unknown address width" "--aw-bits 40: give one of: 39 48" run --aw-bits 40 -- true
refused "address width without IOMMU" "--aw-bits needs --iommu intel" run --iommu none --aw-bits 39 -- true
refused "kernel without modules" "--kernel FILE and --modules DIR go together" run --kernel /dev/null -- true
refused "no such kernel" "--kernel /no/such: no such readable file" run --kernel /no/such --modules / -- true
refused "no such file" "--file /no/such: no such file" run --file /no/such -- true
refused "no such build folder" "--bin /no/such: no such folder" run --bin /no/such -- true
refused "root as plain user" "--user root: give a plain user's name" run --user root -- true
refused "a command for the shell" "shell takes no command" shell -- true

# A PATH with all but QEMU.
mkdir "$TMP/path"
for dir in /bin /usr/bin /sbin /usr/sbin; do
	for file in "$dir"/*; do
		case ${file##*/} in qemu-*) ;; *) ln -sf "$file" "$TMP/path/" ;; esac
	done
done
path=$PATH
# shellcheck disable=SC2123 # the shell's own, on purpose
PATH="$TMP/path"
refused "no QEMU" "QEMU is not installed: apt-get install qemu-system-x86" run --nic virtio-net-pci -- true
PATH=$path
export LAB_QEMU=/no/such/qemu
refused "LAB_QEMU is wrong" "LAB_QEMU=/no/such/qemu: no such program" run -- true
unset LAB_QEMU

# shellcheck disable=SC2119 # no arguments
need_lab
refused "no such program" "no_such_program: no such program in .*busybox or PATH" run -- no_such_program
refused "no such path" "/no/such: no such program here" run -- /no/such

# A QEMU of long ago, on a machine where nothing can be fetched (a cache that was never filled).
cat >"$TMP/old-qemu" <<'SCRIPT'
#!/bin/sh
case "$*" in
*--version*) echo "QEMU emulator version 6.2.0" ;;
*igb,help*) echo "Device 'igb' not found" >&2 ;;
*,help*) echo "${2%,help} options:" ;;
esac
SCRIPT
chmod 755 "$TMP/old-qemu"
mkdir "$TMP/nothing"
printf '#!/bin/sh\nexit 100\n' >"$TMP/nothing/apt-get"
chmod 755 "$TMP/nothing/apt-get"
cache=${FASTNIC_CACHE:-}
export LAB_QEMU="$TMP/old-qemu" FASTNIC_CACHE="$TMP/cache"
PATH=$TMP/nothing:$path
lab run --nic igb -- true
check "QEMU too old, none to be had: status" same "$STATUS" 125
check "QEMU too old: sentence" has "$ERR" '^lab: QEMU 6.2.0 has no NIC model igb.*install QEMU 8.0'
PATH=$path
export FASTNIC_CACHE="$cache"
refused "socket wire with such a QEMU" "--wire socket needs QEMU 7.2 or newer, this is 6.2.0" \
	run --wire socket --nic e1000e -- true
finish
