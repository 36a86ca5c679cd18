/*
 * Shell functions that go to folders in which somebody else may rename things and put links at this very moment, while we have
 * the rights to write anywhere. Once a process is in a folder, names in that folder mean what is in it, whatever becomes of the
 * folder's own name; so one goes there a step at a time and looks each time whether one has come to where one wanted.
 *
 * The rule for links: below a destination folder none is followed. In place, where a host's own layout may be made of links
 * (`/home` that leads to `/data/home`), one is followed if nobody but root, or the account that we are, can have put it there:
 * it belongs to one of them, and so does every folder from the root to it, with no right for others to write there, or only
 * that of a sticky folder, where nobody removes what is another's. The destination folder itself may be reached by any links.
 */

/** Expects `$follow`, `yes` for in place. Names are never expanded. */
export const WALK = `
set -f
unset CDPATH
me=\${me:-$(id -u)}
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
  rest=\${PWD#/}/
  cd / && is_safe || exit 1
  while [ -n "\${rest%/}" ]; do
    cd -P -- "./\${rest%%/*}" && is_safe || exit 1
    rest=\${rest#*/}
  done
)
# Goes along the path $1. Fails with 1 where there is no such folder, with 2 at a link that is not to be followed.
walk() {
  rest=$1/ links=0
  while [ -n "$rest" ]; do
    step=\${rest%%/*} rest=\${rest#*/} from=\${PWD%/}
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
}`.trim();
