# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2015,SC2034,SC2154 # variables shared with the other parts
# Finding COMMAND on the host and packing it, with its libraries, into this run's archive.

# pack_path PATH: PATH as the guest has it, where bin, sbin, lib and lib64 live below usr.
pack_path() {
	case $1 in
	/bin/* | /sbin/* | /lib/* | /lib64/*) echo "/usr$1" ;;
	*) echo "$1" ;;
	esac
}

# pack_copy STAGE SOURCE GUESTPATH: a file, or a folder with all that is in it; links are followed.
pack_copy() {
	local to
	to=$1$(pack_path "$3")
	[ ! -e "$to" ] || [ -d "$2" ] || rm -f "$to"
	mkdir -p "${to%/*}" || die "cannot pack $2"
	if [ -d "$2" ]; then
		mkdir -p "$to" && cp -rL "$2/." "$to/"
	else
		cp -L "$2" "$to"
	fi || die "cannot pack $2"
}

# pack_program STAGE FILE: the program at its own path, with its libraries or its interpreter.
pack_program() {
	local stage=$1 file=$2 lib libs
	[ ! -e "$stage$(pack_path "$file")" ] || return 0
	pack_copy "$stage" "$file" "$file"
	if [ "$(head -c 2 "$file" | tr -d '\0')" = '#!' ]; then
		pack_interpreter "$stage" "$file"
		return
	fi
	libs=$(ldd "$file" 2>/dev/null)
	lib=$(grep 'not found' <<<"$libs") &&
		die "$file needs a library that this machine does not have: ${lib%% =>*}"
	while read -r lib; do
		[ -e "$stage$(pack_path "$lib")" ] || pack_copy "$stage" "$lib" "$lib"
	done < <(sed -nE 's,^[[:space:]]*([^/]+ => )?(/.*) \(0x[0-9a-f]+\)$,\2,p' <<<"$libs")
}

# pack_interpreter STAGE SCRIPT: what the script's first line names; busybox stands in for sh.
pack_interpreter() {
	local first interp
	read -r first <"$2"
	read -r interp first _ <<<"${first#\#!}"
	[ "${interp##*/}" != env ] || interp=$first
	case ${interp##*/} in
	sh | ash | dash | awk | sed) return ;; # busybox has them
	esac
	command -v "$interp" >/dev/null || die "$2 needs $interp, which this machine does not have"
	interp=$(command -v "$interp")
	pack_program "$1" "$interp"
	pack_link "$1" "$interp" "${interp##*/}"
}

# pack_link STAGE FILE NAME: let the guest find FILE as NAME in its PATH.
pack_link() {
	local to
	to=$(pack_path "$2")
	[ "$to" = "/usr/bin/$3" ] || ln -sfn "$to" "$1/usr/bin/$3"
}

# pack_find NAME: the file that NAME stands for: in the build folders (themselves, then bin, apps,
# tools, tests, then anywhere below), else in this repository's tools. Nothing: not one of ours.
pack_find() {
	local dir sub
	for dir in "${opt_bin[@]}"; do
		for sub in . bin apps tools tests; do
			[ -f "$dir/$sub/$1" ] && [ -x "$dir/$sub/$1" ] && realpath "$dir/$sub/$1" && return
		done
	done
	for dir in "${opt_bin[@]}"; do
		[ -d "$dir" ] || continue
		sub=$(find "$dir" -name CMakeFiles -prune -o -type f -name "$1" -perm -u+x -print -quit)
		if [ -n "$sub" ]; then
			realpath "$sub"
			return
		fi
	done
	sub=$LAB_REPO/tools/$1
	[ -f "$sub" ] && [ -x "$sub" ] && echo "$sub"
}

# pack_command STAGE WORD: pack what COMMAND's first word names; print nothing. A path is that file
# of the host; a name is one of the build's programs, a busybox applet, or a host program.
pack_command() {
	local stage=$1 word=$2 file
	case $word in
	*/*)
		if [ -f "$word" ] && [ -x "$word" ]; then
			file=$(realpath -s "$word")
			pack_program "$stage" "$file"
			COMMAND_WORD=$file
		elif [ -e "$stage$(pack_path "$word")" ]; then
			COMMAND_WORD=$word # one that --file brought
		else
			die "$word: no such program here; give a path of this machine, or a name"
		fi
		return
		;;
	esac
	COMMAND_WORD=$word
	[ ! -e "$stage/usr/bin/$word" ] || return 0
	if ! file=$(pack_find "$word"); then
		! "$BUSYBOX" --list | grep -qxF -- "$word" || return 0
		file=$(type -P "$word") ||
			die "$word: no such program in ${opt_bin[*]}, busybox or PATH (is it built? --bin DIR" \
				"says where)"
	fi
	pack_program "$stage" "$file"
	pack_link "$stage" "$file" "$word"
}

# pack_built STAGE: the programs that users get, so that a script given as COMMAND finds them. Not the tests,
# which are a hundred, and which each guest would have to unpack: --with names one.
pack_built() {
	local name file
	for name in "$LAB_REPO"/apps/*/; do
		name=${name%/}
		name=${name##*/}
		[ ! -e "$1/usr/bin/$name" ] && file=$(pack_find "$name") || continue
		pack_program "$1" "$file"
		pack_link "$1" "$file" "$name"
	done
}
