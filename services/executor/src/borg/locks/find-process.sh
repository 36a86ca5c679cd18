# shellcheck shell=sh
# Prints the command line of the process $1, and the assignment of the variable $2 in its environment or its arguments.
assignment="$2=[0-9a-f-]{36}"
kill -0 "$1" 2>/dev/null || [ -e "/proc/$1" ] || exit 0
if [ -r "/proc/$1/cmdline" ]; then
  echo "command=$(tr '\0' ' ' <"/proc/$1/cmdline" | cut -c 1-200)"
  echo "job=$(cat "/proc/$1/environ" "/proc/$1/cmdline" 2>/dev/null | tr '\0' '\n' | grep -oE "$assignment" | head -n 1)"
else
  echo "command=$(ps -o command= -p "$1" | cut -c 1-200)"
  echo "job=$(ps eww -o command= -p "$1" | grep -oE "$assignment" | head -n 1)"
fi
