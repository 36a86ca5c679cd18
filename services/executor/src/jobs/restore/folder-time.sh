# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the caller has $times, and takes $kept_at
#
# Sets $kept_at to the folder below $times that has the file `t` with the time of the folder $1. The names of folders there end with
# a d, so that none of them is in the way of a file named t.
find_time() {
  left=${1#./}/ kept_at=$times
  while [ -n "$left" ]; do kept_at=$kept_at/${left%%/*}d left=${left#*/}; done
}
