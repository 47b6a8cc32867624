# Completion of vmatlas for bash. Commands, options and what an option takes are asked of the
# command's own --help; here is only what its words mean. Works without bash-completion.

# Values that --help names in sentences.
_vmatlas_format='pprof folded speedscope dhat heaptrack csv json sqlite openmetrics'
_vmatlas_value='live_bytes live_blocks resident pinned retained allocated_bytes allocations'
_vmatlas_kind='text rodata relro data bss padding heap arena malloc-mmap main-stack thread-stack
	guard vdso vvar vsyscall file shmem memfd sysv device hugetlb jit reserve anon vmatlas other'

# Lines "--option=WHAT", "--option[=WHAT", "--option", "-o=WHAT" and "-o" of a command.
_vmatlas_options() {
	"$1" "$2" --help 2>/dev/null | sed -nE '
		s/^ +(-.), (--[^ =]+)=([^ ]+).*/\1=\3\n\2=\3/p; t
		s/^ +(-.), (--[^ =]+).*/\1\n\2/p; t
		s/^ +(--[^ =[]+)(\[=[^ ]+)\].*/\1\2/p; t
		s/^ +(--?[^ ]+).*/\1/p'
}

_vmatlas_commands() {
	"$1" --help 2>/dev/null | sed -nE '/^Commands:/,/^$/s/^  ([a-z]+) .*/\1/p'
}

# Processes: those with the shim in them where $1 says so.
_vmatlas_pids() {
	if [[ $1 == PID ]]; then
		grep -ls '/libvmatlas\.so$' /proc/[0-9]*/maps 2>/dev/null
	else
		printf '%s\n' /proc/[0-9]*/maps
	fi | cut -d/ -f3
}

# COMPREPLY for a word that begins as $2 and is what --help calls $1.
_vmatlas_fill() {
	local what=$1 word=$2 words='' before=''

	case $what in
	*[a-z]\|[a-z]*) words=${what//|/ } ;;
	FORMAT) words=$_vmatlas_format ;;
	VALUE) words=$_vmatlas_value ;;
	KIND,...) words=$_vmatlas_kind before=${word%"${word##*,}"} ;;
	SIGNAL) words="none $(compgen -A signal | sed -n 's/^SIG//p')" ;;
	DIR) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$word"); return ;;
	*FILE* | OLD* | TEMPLATE)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	esac
	[[ $what != *PID* ]] || words=$(_vmatlas_pids "$what")
	[[ -n $words ]] || return 0
	mapfile -O "${#COMPREPLY[@]}" -t COMPREPLY < <(
		compgen -P "$before" -W "$words" -- "${word#"$before"}")
}

# What the option takes; empty for nothing. With $3, behind a =, also what it need not take.
_vmatlas_takes() {
	sed -n "s/^$1${3:+\\[*}=//p" <<<"$2"
}

# Where the program of `vmatlas run` stands in COMP_WORDS, if it does before the cursor.
_vmatlas_program() {
	local options=$1 at

	for ((at = 2; at < COMP_CWORD; at++)); do
		case ${COMP_WORDS[at]} in
		--) echo $((at + 1)); return ;;
		-*) [[ ${COMP_WORDS[at + 1]-} == = ]] && ((at += 2)) && continue
		    [[ -z $(_vmatlas_takes "${COMP_WORDS[at]}" "$options") ]] || ((at++)) ;;
		*) echo "$at"; return ;;
		esac
	done
}

_vmatlas_run() {
	local program

	program=$(_vmatlas_program "$1")
	if [[ -n $program && $program -lt $COMP_CWORD ]]; then
		if declare -F _command_offset >/dev/null; then
			_command_offset "$program"
		else
			compopt -o filenames
			mapfile -t COMPREPLY < <(compgen -f -- "$2")
		fi
		return 0
	fi
	[[ -z $program && $2 == -* ]] && return 1
	[[ $2 != */* ]] || { _vmatlas_fill FILE "$2"; return 0; }
	mapfile -t COMPREPLY < <(compgen -c -- "$2" | sort -u)
}

# Options; of long ones that take something with the =.
_vmatlas_list() {
	mapfile -t COMPREPLY < <(compgen -W \
		"$(sed -E 's/^(-[^-])=.*/\1/; s/=.*/=/; s/\[=//' <<<"$1")" -- "$2")
	[[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != --*= ]] || compopt -o nospace
}

_vmatlas_operand() {
	local what

	what=$("$1" "$2" --help 2>/dev/null | sed -n '1s/.*\[OPTION...\] //p')
	_vmatlas_fill "${what%% *}" "$3"
}

_vmatlas() {
	local vmatlas=${COMP_WORDS[0]/#\~/$HOME} command=${COMP_WORDS[1]-} options takes=''
	local word=${COMP_WORDS[COMP_CWORD]-} before=${COMP_WORDS[COMP_CWORD - 1]-}

	COMPREPLY=()
	if ((COMP_CWORD == 1)) || [[ $command == help ]]; then
		mapfile -t COMPREPLY < <(compgen -W \
			"$(_vmatlas_commands "$vmatlas") help --help --version" -- "$word")
		return
	fi
	options=$(_vmatlas_options "$vmatlas" "$command")
	# An = is a word of its own, unless COMP_WORDBREAKS is without it.
	if [[ $word == = ]]; then
		takes=$(_vmatlas_takes "$before" "$options" =) word=''
	elif [[ $before == = ]]; then
		takes=$(_vmatlas_takes "${COMP_WORDS[COMP_CWORD - 2]}" "$options" =)
	elif [[ $before == -?* && $before != -- ]]; then
		takes=$(_vmatlas_takes "$before" "$options")
	fi
	if [[ -n $takes ]]; then
		_vmatlas_fill "$takes" "$word"
	elif [[ $command == run ]] && _vmatlas_run "$options" "$word"; then
		:
	elif [[ $word == -* ]]; then
		_vmatlas_list "$options" "$word"
	else
		_vmatlas_operand "$vmatlas" "$command" "$word"
	fi
}

complete -F _vmatlas vmatlas
