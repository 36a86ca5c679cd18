# shellcheck shell=sh
# shellcheck disable=SC2154,SC2046 # the caller sets $follow; the fields of ls are to be split, and set -f keeps names as they are
#
# Functions that go to folders in which another user may rename things and create links at this very moment, while we have the
# right to write anywhere. Once a process is in a folder, names in that folder mean what is in it, whatever happens to the
# folder's own name. So the functions go one step at a time, and check after each step where they have arrived.
#
# The rule for links: below a destination folder no link is followed. In place ($follow is yes), where a host's own layout may
# consist of links (/home that leads to /data/home), a link is followed if only root, or the account that we are, can have
# created it: it belongs to one of them, and so does every folder from the root to it, none of them writable for others unless
# it is sticky, where a user cannot remove what belongs to another. The destination folder itself may be reached by any links.
# See docs/decisions/0017-restores-go-through-a-private-folder.md
set -f
unset CDPATH
me=${me:-$(id -u)}
# Whether in the folder we are in only root and we can rename what is ours.
is_safe() {
  set -- $(ls -ldn .)
  case $3 in 0 | "$me") ;; *) return 1 ;; esac
  case $1 in d????-??-* | d????????[tT]*) ;; *) return 1 ;; esac
}
# Whether the link named $1 in the folder we are in is one to follow.
is_trusted() (
  [ "$follow" = yes ] || exit 1
  set -- $(ls -ldn "./$1")
  case $3 in 0 | "$me") ;; *) exit 1 ;; esac
  rest=${PWD#/}/
  cd / && is_safe || exit 1
  while [ -n "${rest%/}" ]; do
    cd -P -- "./${rest%%/*}" && is_safe || exit 1
    rest=${rest#*/}
  done
)
# Goes along the path $1. Fails with 1 where there is no such folder, with 2 at a link that is not to be followed.
walk() {
  rest=$1/ links=0
  while [ -n "$rest" ]; do
    step=${rest%%/*} rest=${rest#*/} from=${PWD%/}
    if [ "$step" = .. ]; then
      cd -P .. || return 1
    elif [ -L "./$step" ]; then
      links=$((links + 1))
      [ "$links" -le 20 ] && is_trusted "$step" || return 2
      to=$(readlink "./$step")
      case $to in /*) cd / ;; esac
      rest=$to/$rest
    elif [ -n "$step" ] && [ "$step" != . ]; then
      cd -P -- "./$step" 2>/dev/null || return 1
      [ "$PWD" = "$from/$step" ] || return 2
    fi
  done
}
device() { stat -c %d . 2>/dev/null || stat -f %d .; }
# Goes to the deepest folder on the way from the root to the one we are in that is on the same file system, and in which, as in all
# above it, no other user can rename what is ours: such a user could have us take other files than those we put there. Removes
# what is named $1 on the way, which an earlier attempt left. Fails where there is no such folder.
# shellcheck disable=SC2015 # whatever fails ends it
go_private() {
  wanted=$(device) rest=${PWD#/}/ best=
  cd /
  while is_safe; do
    if [ "$(device)" = "$wanted" ] && [ -w . ]; then best=$PWD; rm -rf -- "./$1" || return; fi
    [ -n "${rest%/}" ] && cd -P -- "./${rest%%/*}" || break
    rest=${rest#*/}
  done
  [ -n "$best" ] && cd -P -- "$best" || return
}
