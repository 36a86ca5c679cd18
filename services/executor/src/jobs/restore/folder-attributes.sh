# shellcheck shell=sh
# Runs after walk.sh and folder-time.sh. Gives the folders $5 and following, below the root $2, the owner and mode that they have
# below $1, where only those are left that met a folder, and the time that was kept below $3. Access control lists come along where
# the host has getfacl and setfacl.
stage=$1 root=$2
# shellcheck disable=SC2034 # the other scripts use them
times=$3 follow=$4
shift 4
mode_of() { stat -c %a -- "$1" 2>/dev/null || stat -f %Lp -- "$1"; }
has_lists=
if command -v getfacl >/dev/null && command -v setfacl >/dev/null; then has_lists=yes; fi
attribute() {
  from=$stage/$1
  [ -d "$from" ] && [ ! -L "$from" ] || return 0
  cd -P -- "$root" && walk "$1" || return 0
  time=$(time_of "$1")
  # shellcheck disable=SC2046,SC2012 # its fields are wanted, and the names of folders are not among them
  set -- $(ls -ldn "$from")
  chown "$3:$4" . && chmod "$(mode_of "$from")" . || return
  if [ -n "$has_lists" ]; then getfacl --absolute-names -- "$from" | setfacl --set-file=- . || return; fi
  touch -r "$time" .
}
for path do (attribute "$path") || exit; done
