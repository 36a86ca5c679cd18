# shellcheck shell=sh
# shellcheck disable=SC2154 # the environment has them
#
# For what is left in one folder $1: its files, not its folders.
eval "$common"
go "$1"
extracted=$stage/${1#.}
extracted=${extracted%/}/.
find "$extracted" ! -name . -prune ! -type d -exec sh -c 'eval "$files"' sh {} + || echo e
find "$extracted" ! -name . -prune ! -type d -exec sh -c 'eval "$common"; place "$@" || echo e' sh {} + || echo e
