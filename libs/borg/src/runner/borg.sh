#!/bin/sh
# Prepares a host for one run of borg. Comes after supervise.sh and after the parameters, each unset when there is none:
# `known_hosts` (lines), `may_be_unencrypted` (yes), `agent_socket`, `directory`, `scratch`. They are described at `BorgCommand` in borg-script.ts.
# shellcheck disable=SC2154 # `tmp` and `status` are of supervise.sh

# What the account exports, in the start-up files of its shell for example, does not change what borg and ssh do: a passphrase of its
# own would go before ours. It only says where borg keeps its files, and how this host is named in locks.
for name in $(env | sed -n 's/^\([A-Z_]*\)=.*/\1/p'); do
  case $name in
    BORG_BASE_DIR | BORG_CACHE_DIR | BORG_CONFIG_DIR | BORG_SECURITY_DIR | BORG_KEYS_DIR | BORG_HOST_ID) ;;
    BORG_* | PYTHON* | SSH_ASKPASS* | SSHFS_*) unset "$name" ;;
  esac
done

# Answers that borg would ask for on a terminal; machine-readable exit codes; one time zone and encoding everywhere. The host of an
# encrypted repository may put another one without encryption in its place, so that one is for the caller to allow.
export LC_ALL=C.UTF-8 TZ=UTC BORG_EXIT_CODES=modern
export BORG_RELOCATED_REPO_ACCESS_IS_OK=yes BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK="${may_be_unencrypted:-no}"

# How ssh logs in from here: `BORG_RSH` to the repository host, `CYBORGBACKUP_SSH` to a client. Without `known_hosts` those of
# the account count. An unknown host is refused either way. The account's own configuration of ssh may say how a host is reached,
# and nothing that borg's pipe or our key depends on. An older ssh does not know all of these, and sshfs takes no comma.
ssh_command='ssh -o IgnoreUnknown=* -o RequestTTY=no -o RemoteCommand=none -o PermitLocalCommand=no'
ssh_command="$ssh_command -o PubkeyAuthentication=yes -o PreferredAuthentications=publickey -o IdentityAgent=SSH_AUTH_SOCK"
ssh_command="$ssh_command -o IdentitiesOnly=no -o ControlMaster=no -o ControlPath=none -o ClearAllForwardings=yes"
ssh_command="$ssh_command -o ForwardX11=no -o Tunnel=no -o LogLevel=INFO -o BatchMode=yes -o StrictHostKeyChecking=yes"
ssh_command="$ssh_command -o UpdateHostKeys=no -o ForwardAgent=no -o ConnectTimeout=15 -o ServerAliveInterval=10 -o ServerAliveCountMax=6"
if [ -n "${known_hosts+set}" ]; then
  printf '%s\n' "$known_hosts" >"$tmp/known_hosts"
  ssh_command="$ssh_command -o GlobalKnownHostsFile=/dev/null -o UserKnownHostsFile=$tmp/known_hosts"
fi
if [ -n "${agent_socket+set}" ]; then export SSH_AUTH_SOCK="$agent_socket"; fi
export BORG_RSH="$ssh_command -E $tmp/ssh.log" CYBORGBACKUP_SSH="$ssh_command -E $tmp/client.log"

# What ssh says goes to files and is printed at the end: borg forgets it when the connection ends before borg looked. The
# prefixes, which explain-failure.ts knows too, tell it from what a dump says of its own connections.
print_log() { [ ! -s "$tmp/$1" ] || tail -c 4096 "$tmp/$1" | sed "s/^/$2/" >&2; }
print_client_log() { print_log client.log 'ssh to the client: '; }
print_ssh_logs() { print_log ssh.log 'ssh to the repository host: '; print_client_log; }
after_command="$after_command print_ssh_logs"

# Borg's success, with or without warnings (see outcome.ts), keeps the scratch folder.
remove_scratch() {
  case $status in 0|1|10?|11[0-8]) ;; *) cd / && rm -rf -- "$scratch" ;; esac
}
if [ -n "${scratch+set}" ]; then
  before_exit="$before_exit remove_scratch"
  { rm -rf -- "$scratch" && mkdir -m 700 -- "$scratch" && cd -- "$scratch"; } || exit 124
fi
if [ -n "${directory+set}" ]; then cd -- "$directory" || exit 124; fi
