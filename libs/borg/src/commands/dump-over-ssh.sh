# shellcheck shell=sh
# Runs ssh with the arguments $2 and following, and prints what it prints after the line $1: what start-up files of the account print
# before it is no part of a dump. Ends with the status of ssh, or with 255 when that line did not come.
start=$1; shift
after_start() {
  # Until then a host may send what it likes, as one line without end. Not every sh has this limit.
  # shellcheck disable=SC3045
  ulimit -v 1000000 2>/dev/null
  while IFS= read -r line; do case $line in *"$start") exec cat ;; esac; done
  echo 'cyborgbackup: the account did not run the command' >&2
  return 255
}
exec 4>&1
# shellcheck disable=SC2086 # CYBORGBACKUP_SSH is several words
status=$({ { $CYBORGBACKUP_SSH "$@" 3>&- 4>&-; echo "$?" >&3; } | after_start >&4; } 3>&1) || exit 255
exit "$status"
