#!/bin/sh
# Runs one command that does not outlive the control plane's connection; supervisor.ts is the other end.
#
# Before this text comes the function `clean_up`, which is run at the end in any case. The lines after it may use `$tmp`
# (a private folder, removed at the end) and `supply`, and append names of functions to `$before_exit` (run at the end too)
# and to `$after_command` (which may change `$status`). The last line is `supervise COMMAND...`: it ends with the command's own
# exit status (128 and the signal's number when one ended it), or with 119, which no command gets, when it stopped the command
# because it heard nothing from us.

case $(command -v printf) in printf) ;; *) echo 'cyborgbackup: this sh has no printf of its own' >&2; exit 122 ;; esac
exec 3<&0 </dev/null
tmp='' command='' status='' feeders='' before_exit='' after_command=''
run_all() { for hook in $1; do "$hook"; done; }
trap 'clean_up; run_all "$before_exit"; rm -rf "$tmp"' EXIT
tmp=$(mktemp -d /tmp/cyborgbackup.XXXXXXXXXX) || exit 123
mkfifo -m 600 "$tmp/events" || exit 123

# supply NAME VALUE: offers a secret as the pipe `$tmp/NAME`. `input` becomes the command's standard input, `passphrase` its
# descriptor 4. It is written by the shell's own printf: the arguments of a program show in the process list.
supply() { mkfifo -m 600 "$tmp/$1" && { printf %s "$2" >"$tmp/$1" 3<&- & } && feeders="$feeders $!"; }

# The command has a session of its own (where setsid exists), so that the KILL takes along what it started.
own_session=''
if command -v setsid >/dev/null; then own_session=yes; fi

# TERM more than once, because a shell that has just forked still has our traps and forgets what they caught.
stop() {
  for _ in 1 2 3 4; do kill -TERM "$command" 2>/dev/null || break; sleep 1; done
  kill -KILL "${own_session:+-}$command" 2>/dev/null
}
trap 'stop; exit 143' HUP INT TERM
# Caught, since the shell reports a killed command on a standard error that may be gone by then, and must live to clean up.
# Other processes of the script still die of it.
trap : PIPE
export PATH="$PATH:/usr/local/bin:/usr/bin:/bin"

supervise() {
  stdin=/dev/null
  [ ! -p "$tmp/input" ] || stdin=$tmp/input
  if [ -p "$tmp/passphrase" ]; then
    ${own_session:+setsid} "$@" <"$stdin" 4<"$tmp/passphrase" 3<&- &
  else
    ${own_session:+setsid} "$@" <"$stdin" 3<&- &
  fi
  command=$!
  # Stops the command at the end of our input, or after twelve ticks (a minute) without a line of it.
  {
    ticks=0
    while IFS= read -r event; do
      case $event in line) ticks=0 ;; tick) ticks=$((ticks + 1)) ;; *) break ;; esac
      [ "$ticks" -lt 12 ] || { : >"$tmp/silence"; break; }
    done
    stop
  } <"$tmp/events" >/dev/null 2>&1 3<&- &
  watch=$!
  while sleep 5; do echo tick; done >"$tmp/events" 2>/dev/null 3<&- &
  ticker=$!
  {
    while IFS= read -r _; do echo line; done
    echo end
  } <&3 >"$tmp/events" 2>/dev/null 3<&- &
  listener=$!
  exec 3<&-
  { wait "$command"; } 2>/dev/null
  status=$?
  [ "$status" -ne 119 ] || status=1
  [ "$status" -eq 0 ] || [ ! -e "$tmp/silence" ] || status=119
  run_all "$after_command"
  exec 2>/dev/null
  # A process that still held our input would keep sshd from closing the channel, since sshd uses one socket for input and
  # output. So they are killed, and by KILL.
  for helper in $watch $ticker $listener $feeders; do kill -KILL "$helper"; done
  [ -z "$own_session" ] || kill -KILL "-$command"
  exit "$status"
}
