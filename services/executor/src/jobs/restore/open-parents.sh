# shellcheck shell=sh
# Runs after walk.sh. Lets every account enter and list the folders $3 and following, below the root $1, which is a folder that
# this job made. No link is followed, and none of the paths may lead upwards, so nothing that was there before is opened.
root=$1
# shellcheck disable=SC2034 # walk.sh uses it
follow=no
shift 2
for path do
  case /$path/ in */../*) printf '%s leads upwards\n' "$path" >&2; exit 3 ;; esac
  (cd -P -- "$root" && walk "$path" && [ -O . ] && chmod 755 .) || exit
done
