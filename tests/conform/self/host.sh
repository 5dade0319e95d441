#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# host.sh: what does things for the guest (tests/vm/conform_host.pl) answers each request by its number, and
# ends what never comes to its end.
set -eu
command -v perl >/dev/null || { echo "SKIP: no perl"; exit 77; }
dir=$(mktemp -d)
pids=
# shellcheck disable=SC2154 # $pids are those that this script started
trap 'touch "$dir/exit"; for pid in $pids; do kill "$pid" 2>/dev/null || :; done; rm -rf "$dir"' EXIT

# QEMU's side of QMP, which can do everything but pull a cable.
cat >"$dir/qmp.pl" <<'PERL'
use Socket;
socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die $!;
bind($s, sockaddr_un($ARGV[0])) && listen($s, 1) or die $!;
open(my $ready, '>', "$ARGV[0].ready");
accept(my $c, $s);
while (<$c>) { syswrite($c, /"up":false/ ? qq({"error": "no cable"}\n) : qq({"return": {}}\n)) }
PERL
perl "$dir/qmp.pl" "$dir/qmp" &
pids="$pids $!"
until [ -e "$dir/qmp.ready" ] || ! kill -0 "$pids"; do sleep 0.01; done
# A queue that never becomes empty.
printf '#!/bin/sh\necho " backlog 5b 1p "\n' >"$dir/tc"
chmod +x "$dir/tc"
: >"$dir/answers"
printf '@host 7 link on\n@host 7001 link off\n@host 12 fly\n@host 13 hold off\nnothing\n@host 14 hold on\n' >"$dir/out"
PATH=$dir:$PATH LAB_QMP=$dir/qmp LAB_STDOUT=$dir/out LAB_TO_GUEST=$dir/answers LAB_EXIT=$dir/exit LAB_NS1=ns \
	LAB_TAP1=tap CONFORM_HOLD_S=0 perl tests/vm/conform_host.pl &
host=$!
pids="$pids $host"
until [ "$(wc -l <"$dir/answers")" = 5 ] || ! kill -0 "$host" 2>/dev/null; do sleep 0.01; done
cat >"$dir/want" <<'WANT'
7 done
7001 {"error": "no cable"}
12 unknown: fly
13 tc: backlog 5b 1p
14 done
WANT
diff "$dir/want" "$dir/answers" || { echo "FAIL: other answers"; exit 1; }
echo "ok: each request has its answer"
