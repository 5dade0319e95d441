#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# One of four ports is taken away under traffic, by sysfs in the guest and by QMP from behind its root port.
# shellcheck source=tests/vm/l2fwd_common.sh
# shellcheck disable=SC2016,SC2317 # jq's variables; functions called by check
. "$(dirname "$0")/l2fwd_common.sh"
command -v perl >/dev/null || skip "no perl to speak QMP with"
need_lab --nic virtio-net-pci

# seconds_between FROM TO: between the first lines of the kernel's log that match.
seconds_between() {
	awk -v from="$1" -v to="$2" '
		/^\[/ { at = $0; sub(/^\[ */, "", at); sub(/\].*/, "", at) }
		/^\[/ && !start && $0 ~ from { start = at }
		/^\[/ && start && !end && $0 ~ to { end = at }
		END { if (!start || !end) exit 1; printf "%.3f\n", end - start }' "$OUT"
}

at_most() {
	awk -v got="$1" -v most="$2" 'BEGIN { exit !(got != "" && got <= most) }'
}

# removal WAY NIC_OPTION: WAY is sysfs or qmp.
removal() {
	way=$1
	failed_before=$FAILED
	guest --cpus 2 --wire socket --nic "virtio-net-pci$2" --nic "virtio-net-pci$2" --nic "virtio-net-pci$2" \
		--nic "virtio-net-pci$2" --with l2fwd --file "$REPO/tests:/tests" \
		--host "sh $HERE/removal_host.sh $way" -- sh /tests/vm/guest_removal.sh "$way"
	bdf=$(sed -n 's/^removed port: //p' "$OUT")
	check "$way: l2fwd's exit status is 3" same "$STATUS" 3
	check "$way: it says which port was released, once, and nothing else" \
		same "$(sed -n 's/^stderr: //p' "$OUT")" "l2fwd: port $bdf is released"
	closed=$(seconds_between "$bdf: Relaying device request to user" "$bdf: Removing from iommu group")
	check "$way: it was closed within 1 s of the request interrupt (${closed:-never})" at_most "$closed" 1
	check "$way: the kernel asked once only" has_not "$OUT" 'request to user \(#[1-9]'
	sed -n 's/^json: //p' "$OUT" >"$TMP/json"
	holds "$way: the JSON names the port with its state" "$TMP/json" \
		".ports[1].name == \"$bdf\" and [.ports[].state] == [\"up\", \"released\", \"up\", \"up\"]"
	holds "$way: frames for the vanished peer are counted no_peer" "$TMP/json" \
		'.ports[1].drops.no_peer > 0 and .ports[0].drops.no_peer == 0'
	holds "$way: what port 0 received was sent by port 1 or counted there" "$TMP/json" \
		'(.ports[0].rx_packets - .ports[1].tx_packets) as $rest | .ports[1].drops |
			$rest - .no_peer - .tx_down >= 0 and
			$rest - .no_peer - .tx_down <= .tx_drop_stopped + .tx_drop_broken'
	jq -c --argjson side "$(tail -n 1 "$TMP/end1")" '. + {side: $side}' "$TMP/json" >"$TMP/all"
	holds "$way: what it says it sent came out of its wire" "$TMP/all" \
		'(.ports[1].tx_packets - .side.received - .side.hellos_received) as $rest |
			$rest >= 0 and $rest <= .ports[1].drops.tx_drop_stopped + .ports[1].drops.tx_drop_broken'
	conversation_complete "$way: the other pair, side 2" "$TMP/end2"
	conversation_complete "$way: the other pair, side 3" "$TMP/end3"
	[ $FAILED = "$failed_before" ] || sed 's/^/    /' "$OUT" "$TMP"/end?
}

removal sysfs ''
check "sysfs: remove returned, long before the kernel would have asked again" at_most \
	"$(sed -n 's/^remove took //p' "$OUT")" 5
check "sysfs: l2fwd ends by itself, with status 3, when its last port is released" has "$OUT" '^last port: status 3$'
bdf=$(sed -n 's/^last port: \(0000.*\)/\1/p' "$OUT")
check "sysfs: and says so, and nothing else" \
	same "$(sed -n 's/^last port says: //p' "$OUT")" "l2fwd: port $bdf is released"
removal qmp ,port=rootport
check "qmp: QEMU has deleted the device" has "$TMP/qmp" 'DEVICE_DELETED'
finish
