# shellcheck shell=sh
# Runs after walk.sh. For each path below the root $1 it prints m if it is missing, l for a link to follow, r for a link that is
# not followed, and . otherwise.
root=$1
# shellcheck disable=SC2034 # walk.sh uses it
follow=$2
shift 2
look() {
  case $1 in */*) above=${1%/*} ;; *) above=. ;; esac
  own=./${1##*/}
  cd -P -- "$root" 2>/dev/null || { printf m; return; }
  walk "$above" || { [ "$?" = 2 ] && printf r || printf m; return; }
  if [ -L "$own" ]; then walk "$own" && printf l || printf r
  elif [ -e "$own" ]; then printf .
  else printf m; fi
}
for path do look "$path"; done
exit 0
