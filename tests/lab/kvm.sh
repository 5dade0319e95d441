#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# KVM is used only where a guest boots with it: the probe is short and its verdict is remembered.
# shellcheck source=tests/lab/common.sh
. "$(dirname "$0")/common.sh"
{ [ -r /dev/kvm ] && [ -w /dev/kvm ]; } || skip "no /dev/kvm of ours"
# shellcheck disable=SC2119 # no arguments
need_lab
qemu=$(command -v "${LAB_QEMU:-qemu-system-x86_64}")

# A QEMU whose KVM guests hang: each probe leaves a line.
cat >"$TMP/qemu" <<SCRIPT
#!/bin/sh
case "\$*" in *"-accel kvm"*) echo probe >>$TMP/probes; exec sleep 100 ;; esac
exec $qemu "\$@"
SCRIPT
chmod 755 "$TMP/qemu"
export LAB_QEMU="$TMP/qemu"
start=$(date +%s)
lab prepare -v
took=$(($(date +%s) - start))
check "software emulation is chosen" has "$ERR" 'accelerator chosen: software emulation'
check "the probe was given up in time ($took s)" test "$took" -le 40
lab run -- echo works
check "the guest runs" has "$OUT" '^works$'
check "without a second probe" same "$(wc -l <"$TMP/probes")" 1
lab run --accel kvm -- true
check "--accel kvm is refused" has "$ERR" '^lab: --accel kvm: /dev/kvm is there, but a guest does not boot with it'
check "by what is remembered" same "$(wc -l <"$TMP/probes")" 1

# What the guest says to a probe: shown as the console's last words, as the guest then powers off.
lab run --append lab.probe -- true
check "the guest answers a probe" has "$ERR" '^ *lab: the guest runs$'

# One whose KVM guests boot: it says to the probe what the guest says (a busy host might need longer
# than the limit to emulate one), and runs by emulation under KVM's options.
cat >"$TMP/qemu2" <<SCRIPT
#!/bin/bash
case "\$*" in
*lab.probe*)
	echo probe >>$TMP/probes2
	serial="\$*"
	serial=\${serial##*file:}
	echo "lab: the guest runs" >"\${serial%% *}"
	exit
	;;
*"-accel kvm"*) echo run >>$TMP/probes2 ;;
esac
args=()
for arg; do
	case \$arg in
	kvm) args+=(tcg,thread=multi) ;;
	host) args+=(max) ;;
	q35,kernel-irqchip=split) args+=(q35) ;;
	*) args+=("\$arg") ;;
	esac
done
exec $qemu "\${args[@]}"
SCRIPT
chmod 755 "$TMP/qemu2"
export LAB_QEMU="$TMP/qemu2"
lab run -v -- echo works
check "a guest that boots is believed" has "$ERR" 'accelerator chosen: KVM'
check "and used" has "$OUT" '^works$'
check "by one probe and one run" same "$(wc -l <"$TMP/probes2")" 2
finish
