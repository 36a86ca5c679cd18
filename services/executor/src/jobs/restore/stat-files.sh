# shellcheck shell=sh
# Goes to the folder $1, if it exists, prints a digit for each path, 1 for one that exists, and then a line of mode, size and
# time for each of those. GNU's stat and busybox's take one format, that of the BSDs another.
folder=$1
shift
[ -d "$folder" ] || { for path do printf 0; done; echo; exit 0; }
cd -- "$folder" || exit 3
n=$#
found=
for path do
  if [ -e "$path" ] || [ -L "$path" ]; then found="${found}1"; set -- "$@" "$path"; else found="${found}0"; fi
done
shift "$n"
echo "$found"
[ "$#" -gt 0 ] || exit 0
if stat -c %f / >/dev/null 2>&1; then exec stat -c '0x%f %s %Y' -- "$@"; fi
exec stat -f '0%p %z %m' -- "$@"
