# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2015,SC2034,SC2154 # options and tables shared with the other parts
# The command line: options with their defaults, the table of NICs, and what does not go together.

opt_verbose=0 opt_wire=hub opt_cpus=2 opt_mem=1G opt_iommu=intel opt_aw_bits='' opt_accel=''
opt_image='' opt_kernel='' opt_modules='' opt_append='' opt_user='' opt_memlock='' opt_tty=0
opt_host='' opt_timeout='' opt_keep=0 opt_bind=1 opt_kernel_drivers=0
opt_bin=() opt_with=() opt_file=() opt_module=()
nic_model=() nic_port=() nic_queues=() nic_opts=()
COMMAND=()

# number OPTION VALUE MIN MAX
number() {
	if ! [[ $2 =~ ^[0-9]{1,11}$ ]] || ((10#$2 < $3 || 10#$2 > $4)); then
		die "$1 $2: give a number from $3 to $4"
	fi
}

# choice OPTION VALUE ALLOWED...
choice() {
	local option=$1 value=$2 allowed
	shift 2
	for allowed in "$@"; do
		[ "$value" != "$allowed" ] || return 0
	done
	die "$option $value: give one of: $*"
}

# add_nic MODEL[,KEY=VALUE]...
add_nic() {
	local words word i=${#nic_model[@]}
	IFS=, read -r -a words <<<"$1"
	# shellcheck disable=SC2086 # a list of names
	choice --nic "${words[0]:-}" $LAB_MODELS
	nic_model[i]=${words[0]} nic_port[i]=root nic_queues[i]=1 nic_opts[i]=
	for word in "${words[@]:1}"; do
		case $word in
		port=*)
			choice "--nic ${words[0]}: port" "${word#*=}" root rootport
			nic_port[i]=${word#*=}
			;;
		queues=*)
			number "--nic ${words[0]}: queues" "${word#*=}" 1 64
			nic_queues[i]=$((10#${word#*=}))
			;;
		?*=*) nic_opts[i]+=,$word ;;
		*) die "--nic $1: '$word' is not of the form OPT=VAL" ;;
		esac
	done
	[ "${nic_queues[i]}" = 1 ] || [ "${words[0]}" = virtio-net-pci ] ||
		die "--nic $1: queues= is for virtio-net-pci; ${words[0]} has its queues always"
	[ "$i" -lt 24 ] || die "more than 24 NICs do not fit on the guest's root bus"
}

parse() {
	local option
	case ${1:-} in
	run | shell | prepare) ACTION=$1 ;;
	qemu)
		ACTION=qemu
		parse_qemu "${@:2}"
		return
		;;
	-h | --help | help) usage ;;
	'') die "say what to do: run, shell, prepare or qemu (tools/lab --help)" ;;
	*) die "$1: unknown action; give run, shell, prepare or qemu (tools/lab --help)" ;;
	esac
	shift
	while [ $# -gt 0 ]; do
		option=$1
		case $option in
		--)
			COMMAND=("${@:2}")
			break
			;;
		-h | --help) usage ;;
		-v | --verbose) opt_verbose=1 ;;
		--no-bind) opt_bind=0 ;;
		--kernel-drivers) opt_kernel_drivers=1 ;;
		--tty) opt_tty=1 ;;
		--keep) opt_keep=1 ;;
		--*=*)
			set -- "$option" "${option%%=*}" "${option#*=}" "${@:2}"
			;;
		-*)
			parse_value "$@"
			shift
			;;
		*) die "$option: put -- before the command" ;;
		esac
		shift
	done
	check_options
}

# parse_qemu MODEL...
parse_qemu() {
	local model
	for model in "$@"; do
		# shellcheck disable=SC2086 # a list of names
		choice qemu "$model" $LAB_MODELS
	done
	nic_model=("$@")
}

usage() {
	cat "$LAB_D/usage.txt"
	exit 0
}

# parse_value OPTION VALUE...
parse_value() {
	case $1 in
	--nic | --wire | --cpus | --mem | --iommu | --aw-bits | --accel | --image | --kernel) ;;
	--modules | --append | --module | --user | --memlock | --bin | --with | --file | --host) ;;
	--timeout) ;;
	*) die "$1: unknown option (tools/lab --help)" ;;
	esac
	[ $# -ge 2 ] && [ "$2" != -- ] || die "$1 needs a value (tools/lab --help)"
	case $1 in
	--nic) add_nic "$2" ;;
	--wire) choice "$1" "$2" tap bridge socket hub && opt_wire=$2 ;;
	--cpus) number "$1" "$2" 1 64 && opt_cpus=$2 ;;
	--mem)
		[[ $2 =~ ^[1-9][0-9]{0,6}[MG]$ ]] || die "--mem $2: give a size such as 768M or 2G"
		opt_mem=$2
		;;
	--iommu) choice "$1" "$2" intel none && opt_iommu=$2 ;;
	--aw-bits) choice "$1" "$2" 39 48 && opt_aw_bits=$2 ;;
	--accel) choice "$1" "$2" kvm tcg && opt_accel=$2 ;;
	--image) choice "$1" "$2" cloud full && opt_image=$2 ;;
	--kernel) opt_kernel=$2 ;;
	--modules) opt_modules=$2 ;;
	--append) opt_append+=" $2" ;;
	--module) opt_module+=("$2") ;;
	--user)
		[[ $2 =~ ^[a-z][a-z0-9_-]{0,30}$ ]] && [ "$2" != root ] ||
			die "--user $2: give a plain user's name"
		opt_user=$2
		;;
	--memlock) number "$1" "$2" 4096 99999999999 && opt_memlock=$2 ;;
	--bin)
		[ -d "$2" ] || die "--bin $2: no such folder"
		opt_bin+=("$(realpath "$2")")
		;;
	--with) opt_with+=("$2") ;;
	--file) add_file "$2" ;;
	--host) opt_host=$2 ;;
	--timeout) number "$1" "$2" 0 1000000 && opt_timeout=$((10#$2)) ;;
	esac
}

# add_file PATH[:GUESTPATH]
add_file() {
	[ -e "${1%%:*}" ] || die "--file ${1%%:*}: no such file"
	case $1 in
	*:/*) ;;
	*:*) die "--file $1: the guest's path has to start with /" ;;
	esac
	opt_file+=("$1")
}

check_options() {
	local i
	case $ACTION in
	run) [ ${#COMMAND[@]} -gt 0 ] || die "no command: tools/lab run [OPTION]... -- COMMAND [ARG]..." ;;
	*) [ ${#COMMAND[@]} = 0 ] || die "$ACTION takes no command" ;;
	esac
	if [ "$ACTION" = shell ]; then
		opt_tty=1
		COMMAND=(sh -l)
		opt_timeout=${opt_timeout:-0}
	fi
	opt_timeout=${opt_timeout:-600}
	if [ -n "$opt_kernel" ]; then [ -n "$opt_modules" ]; else [ -z "$opt_modules" ]; fi ||
		die "--kernel FILE and --modules DIR go together: a kernel loads only its own modules"
	[ "$opt_iommu" = intel ] || [ -z "$opt_aw_bits" ] || die "--aw-bits needs --iommu intel"
	for ((i = 0; i < ${#nic_model[@]}; i++)); do
		[ "${nic_queues[i]}" = 1 ] || [ "$opt_wire" = tap ] || [ "$opt_wire" = bridge ] ||
			die "queues=${nic_queues[i]} needs --wire tap or bridge:" \
				"QEMU gives a NIC on a $opt_wire one queue pair"
	done
	[ "$opt_iommu" != none ] || opt_bind=0 # vfio-pci takes no device without an IOMMU
	[ ${#opt_bin[@]} -gt 0 ] || opt_bin=("$(realpath -m "${FASTNIC_BUILD:-$LAB_REPO/build}")")
}
