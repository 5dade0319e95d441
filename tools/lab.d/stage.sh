# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # variables shared with the other parts
# This run's archive: COMMAND and the files that go with it, and what the guest's init is told.

# stage_run: make LAB_DIR/initrd.
stage_run() {
	local stage=$LAB_DIR/stage
	mkdir -p "$stage/usr/bin" "$stage/lab" "$stage/etc"
	stage_files "$stage"
	[ -z "$opt_user" ] || stage_user "$stage"
	chmod -R a+rX "$stage" # for --user, whatever the modes and the umask are here
	stage_conf >"$stage/lab/conf"
	stage_command >"$stage/lab/command"
	initramfs_archive "$stage" "$LAB_DIR/run.cpio" || die "cannot pack the guest's files"
	initramfs_join "$INITRAMFS_BASE_FILE" "$LAB_DIR/run.cpio" >"$LAB_DIR/initrd" ||
		die "cannot write the guest's initramfs into $LAB_DIR"
	rm -rf "$stage" "$LAB_DIR/run.cpio"
}

stage_files() {
	local stage=$1 word
	for word in "${opt_file[@]}"; do
		case $word in
		*:*) pack_copy "$stage" "${word%%:*}" "${word#*:}" ;;
		*) pack_copy "$stage" "$word" "$(realpath -s "$word")" ;;
		esac
	done
	[ -e "$stage/usr/bin/fastnic-bind" ] ||
		pack_copy "$stage" "$LAB_REPO/tools/fastnic-bind" /usr/bin/fastnic-bind
	for word in "${opt_with[@]}" "${COMMAND[0]}"; do
		pack_command "$stage" "$word"
	done
	pack_built "$stage"
}

stage_user() {
	printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' \
		"$opt_user:x:1000:1000::/tmp:/bin/sh" >"$1/etc/passwd"
	printf '%s\n' 'root:x:0:' "$opt_user:x:1000:" >"$1/etc/group"
}

# stage_conf: /lab/conf, variables of the guest's init.
stage_conf() {
	local i slots='' rows=24 cols=80
	for ((i = 0; i < ${#nic_model[@]}; i++)); do
		slots+=" $(machine_slot "$i")"
	done
	[ ! -t 0 ] || read -r rows cols < <(stty size)
	printf '%s=%s\n' lab_slots "$(quote "$slots")" lab_bind "$opt_bind" lab_user "$opt_user" \
		lab_memlock "$opt_memlock" lab_tty "$opt_tty" lab_rows "$rows" lab_cols "$cols" \
		lab_term "$(quote "${TERM:-linux}")" lab_kernel_drivers "$opt_kernel_drivers"
}

# stage_command: /lab/command, which sets the positional parameters of the guest's init.
stage_command() {
	local word
	printf 'set --'
	for word in "$COMMAND_WORD" "${COMMAND[@]:1}"; do
		if [[ $word =~ ^P(0|[1-9][0-9]?)$ ]] && ((${word#P} < ${#nic_model[@]})); then
			# shellcheck disable=SC2016 # the guest knows the address
			printf ' "$%s"' "$word"
		else
			printf ' %s' "$(quote "$word")"
		fi
	done
	echo
}
