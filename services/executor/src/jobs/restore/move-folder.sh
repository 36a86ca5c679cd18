# shellcheck shell=sh
# shellcheck disable=SC2154 # the environment has them
#
# For one folder $1; succeeds when there is no need to look into it.
eval "$common"
name=${1##*/} extracted=$stage/${1#./}
go "${1%/*}"
if [ ! -e "./$name" ] && [ ! -L "./$name" ]; then place "$extracted" || echo e; exit 0; fi
if [ -d "./$name" ]; then
  # Its time changes with the first thing that is moved out of it.
  [ -L "./$name" ] || { echo d; [ -z "$times" ] || keep_time "$1"; exit 1; }
  case "
$parents
" in *"
$1
"*) exit 1 ;; esac
fi
if [ "$policy" = always ]; then
  # shellcheck disable=SC2015 # whatever fails is an error
  rm -f -- "./$name" && place "$extracted" || echo e
elif [ "$policy" = keep-both ]; then
  beside "$extracted" && find "./$name$suffix" ! -type d -exec sh -c 'for _ do echo k; done' sh {} +
else
  find "$extracted" ! -type d -exec sh -c 'eval "$common"; leave_out "$@"' sh {} +
  rm -rf -- "$extracted"
fi
exit 0
