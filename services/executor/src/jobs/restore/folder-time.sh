# shellcheck shell=sh
# shellcheck disable=SC2154 # the caller has $times
#
# Prints the path of the file that keeps the time of the folder $1, below $times. The names of folders there end with a d, so that
# none of them is in the way of a file named t.
time_of() { printf '%s/' "$times"; printf './%s/t' "${1#./}" | sed 's,/,d/,g'; }
