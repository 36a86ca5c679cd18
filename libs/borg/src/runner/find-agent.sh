# shellcheck shell=sh
# Comes before reader.sh where an agent is forwarded, whose keys have the comment `$agent`: a start-up file of the account may have
# put the address of another agent in its place. Ours then listens where sshd has made its socket, in /tmp, or since OpenSSH 10.1
# in the home folder.
# shellcheck disable=SC2154 # `agent` is set before
is_ours() { SSH_AUTH_SOCK=$1 ssh-add -l 2>/dev/null | grep -qF "$agent"; }
find_agent() {
  for socket in "$SSH_AUTH_SOCK" /tmp/ssh-*/agent.* "$HOME"/.ssh/agent/*; do
    if [ -S "$socket" ] && is_ours "$socket"; then export SSH_AUTH_SOCK="$socket"; return; fi
  done
}
! command -v ssh-add >/dev/null || find_agent
