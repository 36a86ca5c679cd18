# shellcheck shell=sh
# Removes the folder $1 and gives the folder around it back the time that it has now: it may be one that was restored.
around=${1%/*}/.
kept=$(mktemp /tmp/cyborgbackup.XXXXXXXXXX) && touch -r "$around" -- "$kept"
rm -rf -- "$1" || { rm -f -- "$kept"; exit 1; }
[ ! -e "$kept" ] || { touch -r "$kept" -- "$around"; rm -f -- "$kept"; }
exit 0
