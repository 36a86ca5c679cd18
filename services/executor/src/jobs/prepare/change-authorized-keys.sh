# shellcheck shell=sh
# Adds the line $2, unless it is empty, to the account's authorized_keys, without the lines whose numbers are $3 and following, and
# prints the file's name. Ends with 3 when the file's checksum is not $1 any more. Other lines stay byte for byte; the last of them
# may have lacked its end.
#
# The file decides who can log in: so it is written beside itself, with the same mode, and renamed when it is whole. A link is
# followed, and a file of another account is left alone: somebody manages it.
sum=$1 line=$2
shift 2
fail() { echo "$1" >&2; exit 1; }
umask 077
[ -d "$HOME/.ssh" ] || mkdir -- "$HOME/.ssh" || exit 1
file=$HOME/.ssh/authorized_keys
if [ -L "$file" ]; then file=$(readlink -f -- "$file") || fail "$HOME/.ssh/authorized_keys is a link that leads nowhere"; fi
# shellcheck disable=SC3067 # dash, bash and busybox have -O
[ ! -e "$file" ] || [ -O "$file" ] || fail "$file belongs to another account"
new=$(mktemp "$file.XXXXXXXX") || exit 1
trap 'rm -f -- "$new"' EXIT
if [ -e "$file" ]; then cp -p -- "$file" "$new" || exit 1; fi
read_file() { if [ -e "$file" ]; then cat -- "$file"; fi; }
read_file | LC_ALL=C LINE="$line" REMOVED=" $* " awk '
  index(ENVIRON["REMOVED"], " " NR " ") == 0
  END { if (ENVIRON["LINE"] != "") print ENVIRON["LINE"] }' >"$new" || fail "$new cannot be written"
# A disk that is full cuts the end off.
[ -z "$line" ] || [ "$(tail -n 1 -- "$new")" = "$line" ] || fail "$new cannot be written"
sync -- "$new" 2>/dev/null || sync
[ "$(read_file | cksum)" = "$sum" ] || exit 3
mv -f -- "$new" "$file" && echo "$file"
