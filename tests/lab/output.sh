#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# COMMAND's output arrives whole, unchanged, in two streams and without the kernel's messages.
# shellcheck source=tests/lab/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck disable=SC2119 # no arguments
need_lab

# 1 MiB of text, one line of 64 KiB, every byte value, a screen, and at last a line without an end.
{
	seq -f "line %.0f of the text that must arrive as it was sent" 1 20000
	head -c 65536 /dev/zero | tr '\0' x
	echo
	i=0
	while [ $i -lt 256 ]; do
		# shellcheck disable=SC2059 # the format is the byte
		printf "\\$(printf %o $i)"
		i=$((i + 1))
	done
	printf '\033[2J\033[Hscreen'
} >"$TMP/data"
cat >"$TMP/print" <<SCRIPT
#!/bin/sh
cat $TMP/data
echo "[guest] to the error stream" >&2
echo "<1>a message of the kernel" >/dev/kmsg
echo "/dev/stdout opened again" >/dev/stdout
echo "/dev/stderr opened again" >/dev/stderr
printf 'the end'
SCRIPT
chmod 755 "$TMP/print"
{ cat "$TMP/data"; printf '/dev/stdout opened again\nthe end'; } >"$TMP/want"
printf '[guest] to the error stream\n/dev/stderr opened again\n' >"$TMP/want.err"
check "the text has at least 1 MiB and all bytes" test "$(wc -c <"$TMP/want")" -ge 1048576

# shellcheck disable=SC2016 # for the host side
lab run --file "$TMP/data" --host 'until [ -e "$LAB_EXIT" ]; do sleep 0.1; done
	cp "$LAB_CONSOLE" '"$TMP/console"'; cp "$LAB_OUT" '"$TMP/both" -- "$TMP/print"
check "status 0" same "$STATUS" 0
check "standard output is byte for byte the same" cmp "$OUT" "$TMP/want"
check "standard error is byte for byte the same" cmp "$ERR" "$TMP/want.err"
check "LAB_OUT has both" same "$(wc -c <"$TMP/both")" "$(cat "$TMP/want" "$TMP/want.err" | wc -c)"
check "the kernel's message is on the console" has "$TMP/console" 'a message of the kernel'
finish
