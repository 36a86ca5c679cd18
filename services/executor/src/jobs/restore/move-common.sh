# shellcheck shell=sh
# shellcheck disable=SC2154 # the environment has $stage, $target and $suffix
#
# Runs after walk.sh and folder-time.sh. Extracted files are named by their full path, destinations by their names in the current folder.
leave_out() {
  [ "$#" -gt 0 ] || return 0
  if stat -c %f / >/dev/null 2>&1; then stat -c 's %s %f' -- "$@"; else stat -f 's %z %p' -- "$@"; fi
  rm -f -- "$@"
}
beside() {
  kept=${1##*/}$suffix
  # shellcheck disable=SC2015 # whatever fails is an error
  aside=$(mktemp -d "$stage/XXXXXXXXXX") && rm -rf -- "./$kept" && mv -- "$1" "$aside/$kept" && mv -- "$aside/$kept" ./ ||
    { echo e; return 1; }
  rmdir -- "$aside"
}
keep_time() {
  find_time "$1"
  mkdir -p -- "$kept_at" && touch -r "$extracted" -- "$kept_at/t"
}
go() {
  cd -P -- "$target" && walk "$1" && return
  printf 'The folder %s is not there, or a link\n' "$target/${1#./}" >&2
  echo e
  exit 0
}
