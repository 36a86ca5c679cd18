# shellcheck shell=sh
# shellcheck disable=SC2034 # walk.sh uses $follow
#
# Runs after walk.sh. Makes the folder $1 and, for what goes to $4 below it, a new private folder named $2 with two in it, `files` and
# `times`, and prints its path.
# That one is on the same file system, and in the deepest folder in which, as in all folders above it, no other user can rename
# what is ours: such a user could have us take other files than those we extracted. What an earlier attempt left there is
# removed; that is all where $6 is `remove`, not `make`. The path of `files` has at most $5 bytes, if that can be.
task=$6 LC_ALL=C
[ "$task" = remove ] || mkdir -p -- "$1" || exit
name=$2 follow=$3 room=$5
device() { stat -c %d . 2>/dev/null || stat -f %d .; }
cd -P -- "$1" || exit
left=$4/
while [ -n "$left" ] && (walk "${left%%/*}"); do
  walk "${left%%/*}" || exit
  left=${left#*/}
done
wanted=$(device) rest=${PWD#/}/ best=
cd /
while is_safe; do
  if [ "$(device)" = "$wanted" ] && [ -w . ]; then
    rm -rf -- "./$name" || exit
    if [ -z "$best" ] || [ $((${#PWD} + ${#name} + 7)) -le "$room" ]; then best=$PWD; fi
  fi
  # shellcheck disable=SC2015 # a folder that cannot be entered ends it too
  [ -n "${rest%/}" ] && cd -P -- "./${rest%%/*}" || break
  rest=${rest#*/}
done
[ "$task" != remove ] || exit 0
[ -n "$best" ] || {
  echo "on its file system there is no folder to put the files together in that only this account and root can write to; choose another destination" >&2
  exit 3
}
cd -P -- "$best" && mkdir -m 700 -- "./$name" "./$name/files" "./$name/times" && printf '%s\n' "${best%/}/$name"
