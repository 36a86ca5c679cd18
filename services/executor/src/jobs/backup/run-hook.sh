# shellcheck shell=sh
# Runs the hook that standard input brings, whose own input is empty. $1 names the variable that marks the job's processes. What
# the hook starts is not marked, since it may be meant to stay. A process keeps the environment that it was started with, so
# this shell itself has to stay.
hook=$(cat)
exec </dev/null
unset "$1"
eval "$hook"
exit
