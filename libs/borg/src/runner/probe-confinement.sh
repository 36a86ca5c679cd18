# shellcheck shell=sh
# Runs the script $1 (confine.sh) as a restore would, in folders of its own. Says why that is not possible, if it is not.
fail() { echo "$1" >&2; exit 1; }
[ "$(uname)" = Linux ] || fail 'only Linux can do that'
[ "$(id -u)" = 0 ] || fail 'borg does not run as root there'
command -v unshare >/dev/null || fail 'unshare is not installed there'
tmp=$(mktemp -d /tmp/cyborgbackup.XXXXXXXXXX) || exit
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/own" "$tmp/here" && cd "$tmp/here" || exit
export CYBORGBACKUP_TMP="$tmp/own" CYBORGBACKUP_WRITABLE='' BORG_BASE_DIR="$tmp/borg"
# shellcheck disable=SC2016 # for the inner shell
unshare --mount sh -c "$1" sh sh -c '
  : >in || exit
  for folder in "$1" / /tmp /dev /proc; do ! (: >"$folder/cyborgbackup-probe") 2>/dev/null || exit 1; done
' sh "$tmp" || exit
