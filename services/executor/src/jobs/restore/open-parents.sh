# shellcheck shell=sh
# Runs after walk.sh. Lets every account enter and list the folders $3 and following, below the root $1.
root=$1
# shellcheck disable=SC2034 # walk.sh uses it
follow=$2
shift 2
for path do (cd -P -- "$root" && walk "$path" && chmod 755 .) || exit; done
