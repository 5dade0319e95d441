#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# COMMAND's output arrives whole, unchanged, in two streams and without the kernel's messages.
# shellcheck source=tests/lab/common.sh
. "$(dirname "$0")/common.sh"
need_lab

# 1 MiB of text, one line of 64 KiB, every byte value, and at last a line without an end.
cat >"$TMP/print" <<'SCRIPT'
#!/bin/sh
seq -f "line %.0f of the text that must arrive as it was sent" 1 20000
head -c 65536 /dev/zero | tr '\0' x
echo
i=0
while [ $i -lt 256 ]; do
	printf "\\$(printf %o $i)"
	i=$((i + 1))
done
echo "[guest] to the error stream" >&2
echo "<1>a message of the kernel" >/dev/kmsg 2>/dev/null
echo "/dev/stdout opened again" >/dev/stdout
echo "/dev/stderr opened again" >/dev/stderr
printf '\033[2J\033[Hscreen'
SCRIPT
chmod 755 "$TMP/print"
sh "$TMP/print" >"$TMP/want" 2>"$TMP/want.err"
check "the text has at least 1 MiB" test "$(wc -c <"$TMP/want")" -ge 1048576

# shellcheck disable=SC2016 # for the host side
lab run --host 'cat <"$LAB_CONSOLE" >/dev/null; until [ -e "$LAB_EXIT" ]; do sleep 0.1; done
	cp "$LAB_CONSOLE" '"$TMP/console"'; cp "$LAB_OUT" '"$TMP/both" -- "$TMP/print"
check "status 0" same "$STATUS" 0
check "standard output is byte for byte the same" cmp "$OUT" "$TMP/want"
check "standard error is byte for byte the same" cmp "$ERR" "$TMP/want.err"
check "LAB_OUT has both" same "$(wc -c <"$TMP/both")" "$(cat "$TMP/want" "$TMP/want.err" | wc -c)"
check "the kernel's message is on the console" has "$TMP/console" 'a message of the kernel'
finish
