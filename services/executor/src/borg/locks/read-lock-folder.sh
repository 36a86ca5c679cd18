# shellcheck shell=sh
# Prints who holds the locks in the folder $1, and the names of this host.
cd -- "$1" || exit 1
for file in lock.exclusive/*; do
  [ ! -f "$file" ] || echo "file=$(stat -c %Y "$file" 2>/dev/null || stat -f %m "$file") $(basename -- "$file")"
done
[ ! -f lock.roster ] || printf 'roster=%s\n' "$(tr -d '\n' <lock.roster)"
[ -z "${BORG_HOST_ID:-}" ] || echo "host=$BORG_HOST_ID"
echo "host=$(uname -n)"
echo "host=$(hostname -f 2>/dev/null)"
:
