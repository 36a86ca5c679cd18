# shellcheck shell=sh
# Runs after walk.sh and folder-time.sh. Gives the folders $5 and following, below the root $2, the owner and mode that they have
# below $1, where only those are left that met a folder, and the time that was kept below $3. Access control lists come along where
# the host has getfacl and setfacl.
stage=$1 root=$2
# shellcheck disable=SC2034 # the other scripts use them
times=$3 follow=$4
shift 4
facts_of() { stat -c '%u:%g %a' -- "$1" 2>/dev/null || stat -f '%u:%g %Lp' -- "$1"; }
has_lists=
if command -v getfacl >/dev/null && command -v setfacl >/dev/null; then has_lists=yes; fi
attribute() {
  from=$stage/$1
  [ -d "$from" ] && [ ! -L "$from" ] || return 0
  cd -P -- "$root" && walk "$1" || return 0
  find_time "$1"
  facts=$(facts_of "$from")
  chown "${facts% *}" . && chmod "${facts#* }" . || return
  if [ -n "$has_lists" ]; then getfacl --absolute-names -- "$from" | setfacl --set-file=- . || return; fi
  # shellcheck disable=SC2154 # find_time sets it
  touch -r "$kept_at/t" .
}
for path do (attribute "$path") || exit; done
