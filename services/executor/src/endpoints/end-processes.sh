# shellcheck shell=sh
# Ends all processes that have the assignment $1=$2 in their environment or among their arguments: TERM, and KILL after five seconds.
# Prints how many there were; fails with the pids of those that do not end. An account that may not read the environment of another
# account's processes has no processes of its own there. A zombie has no environment any more. No process of ours here has the
# assignment in one piece.
marked() {
  if [ -r /proc/self/environ ]; then
    printf '%s=%s' "$1" "$2" | grep -lsFf /dev/stdin -- /proc/[0-9]*/environ /proc/[0-9]*/cmdline | cut -d / -f 3 | sort -u
  else
    # shellcheck disable=SC2009 # pgrep does not see environments
    ps axeww -o pid= -o command= | awk -v name="$1" -v job="$2" 'index($0, name "=" job) { print $1 }'
  fi
}
found=$(marked "$1" "$2")
[ -n "$found" ] || { echo 0; exit 0; }
echo "$found" | wc -l | tr -d ' '
for signal in TERM KILL; do
  # shellcheck disable=SC2086 # one word for each pid
  kill -s "$signal" $found 2>/dev/null
  for _ in $(seq 50); do
    left=$(marked "$1" "$2")
    [ -n "$left" ] || exit 0
    sleep 0.1 2>/dev/null || sleep 1
  done
  found=$left
done
echo "$left" >&2
exit 1
