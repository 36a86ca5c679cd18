# shellcheck shell=sh
# Ends all processes that have the assignment $1 in their environment: TERM, and KILL after five seconds. Prints how many there
# were; fails with the pids of those that do not end. An account that may not read the environment of another account's
# processes has no processes of its own there. A zombie has no environment any more.
marked() {
  if [ -r /proc/self/environ ]; then
    grep -lsF "$1" /proc/[0-9]*/environ | sed 's|^/proc/||; s|/environ$||'
  else
    # shellcheck disable=SC2009 # pgrep does not see environments
    ps axeww -o pid= -o command= | grep -F "$1" | grep -vF "grep -F" | awk -v me="$$" '$1 != me { print $1 }'
  fi
}
found=$(marked "$1")
[ -n "$found" ] || { echo 0; exit 0; }
echo "$found" | wc -l | tr -d ' '
for signal in TERM KILL; do
  # shellcheck disable=SC2086 # one word for each pid
  kill -s "$signal" $found 2>/dev/null
  for _ in $(seq 50); do
    left=$(marked "$1")
    [ -n "$left" ] || exit 0
    sleep 0.1 2>/dev/null || sleep 1
  done
  found=$left
done
echo "$left" >&2
exit 1
