# shellcheck shell=sh
# shellcheck disable=SC2034 # walk.sh uses $follow
#
# Runs after walk.sh. Makes the folder $1 and, for what goes to $4 below it, a new private folder named $2 with two in it, `files` and
# `times`, and prints its path.
# That one is on the same file system, see go_private. What an earlier attempt left there is removed; that is all where $5 is
# `remove`, not `make`.
task=$5
[ "$task" = remove ] || mkdir -p -- "$1" || exit
name=$2 follow=$3
cd -P -- "$1" || exit
left=$4/
while [ -n "$left" ] && (walk "${left%%/*}"); do
  walk "${left%%/*}" || exit
  left=${left#*/}
done
go_private "$name"
found=$?
[ "$task" != remove ] || exit 0
[ "$found" = 0 ] || {
  echo "on its file system there is no folder to put the files together in that only this account and root can write to; choose another destination" >&2
  exit 3
}
mkdir -m 700 -- "./$name" "./$name/files" "./$name/times" && printf '%s\n' "${PWD%/}/$name"
