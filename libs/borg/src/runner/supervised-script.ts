import { quoteArgv } from '../shell/quote.ts';

/** Shell text that runs one command on the leash described in leash.ts. */
export interface LeashedCommand {
  /** Lines run before the command, with `$tmp` (a private folder, removed at the end) and `supply NAME VALUE` at hand. */
  readonly setup: readonly string[];
  readonly argv: readonly string[];
  /** Lines run after the command has ended; `$status` is its exit status. */
  readonly teardown: readonly string[];
  /** Lines run at the end, however it comes, before `$tmp` is removed. */
  readonly cleanup?: readonly string[];
  /** Shell redirections of the command, quoted where needed. Its standard input must be among them. */
  readonly redirections: string;
}

/**
 * `supply` offers a secret as a pipe named `$tmp/NAME`. It is written by the shell's own printf; were that a program, the
 * secret would show in the process list. PIPE is caught, since the shell reports a killed command on a standard error that
 * may be gone by then, and must live to clean up; other processes of the script keep dying of it.
 */
const prelude = (cleanup: readonly string[]): string => `
case $(command -v printf) in printf) ;; *) echo 'cyborgbackup: this sh has no printf of its own' >&2; exit 122 ;; esac
exec 3<&0 </dev/null
tmp= command= feeders=
cleanup() {
${['  :', ...cleanup].join('\n')}
}
trap 'cleanup; rm -rf "$tmp"' EXIT
tmp=$(mktemp -d /tmp/cyborgbackup.XXXXXXXXXX) || exit 123
mkfifo -m 600 "$tmp/events" || exit 123
supply() { mkfifo -m 600 "$tmp/$1" && { printf %s "$2" >"$tmp/$1" 3<&- & } && feeders="$feeders $!"; }
alone=; command -v setsid >/dev/null && alone=setsid
stop() {
  for _ in 1 2 3 4; do kill -TERM "$command" 2>/dev/null || break; sleep 1; done
  kill -KILL "\${alone:+-}$command" 2>/dev/null
}
trap 'stop; exit 143' HUP INT TERM
trap : PIPE
export PATH="$PATH:/usr/local/bin:/usr/bin:/bin"`;

/** Exit status of a script that ended its command since it heard nothing from us; see leash.ts. No command's own. */
export const SILENCED = 119;

/**
 * The command is started in a session of its own (where setsid exists), so that the last resort takes what it started along.
 * `listen` reports every line of our input and its end, `tick` the passing of five seconds; `watch` stops the command at the
 * end or after twelve ticks without a line, which it notes. They are killed when the command has ended: a process that still
 * held our input would keep sshd from closing the channel, since sshd uses one socket for input and output. By KILL, and the
 * command gets TERM more than once, because a shell that has just forked still has our traps and forgets what they caught.
 */
const leash = ({ argv, redirections, teardown }: LeashedCommand): string => `
$alone ${quoteArgv(argv)} ${redirections} 3<&- &
command=$!
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
tick=$!
{
  while IFS= read -r _; do echo line; done
  echo end
} <&3 >"$tmp/events" 2>/dev/null 3<&- &
listen=$!
exec 3<&-
{ wait "$command"; } 2>/dev/null
status=$?
[ "$status" -ne ${SILENCED} ] || status=1
[ "$status" -eq 0 ] || [ ! -e "$tmp/silence" ] || status=${SILENCED}
${teardown.join('\n')}
exec 2>/dev/null
kill -KILL $watch $tick $listen $feeders
[ -z "$alone" ] || kill -KILL "-$command"
exit "$status"`;

/** The script; it ends with `SILENCED` or the command's own exit status (128 and the signal's number when one ended it). */
export const leashScript = (command: LeashedCommand): string =>
  [prelude(command.cleanup ?? []), ...command.setup, leash(command)].join('\n').trim();
