# shellcheck shell=sh
# shellcheck disable=SC2154 # the environment has $stage, $target and $suffix
#
# Runs after walk.sh and folder-time.sh. Extracted files are named by their full path, destinations by their names in the current folder.
leave_out() {
  [ "$#" -gt 0 ] || return 0
  if stat -c %f / >/dev/null 2>&1; then stat -c 's %s %f' -- "$@"; else stat -f 's %z %p' -- "$@"; fi
  rm -f -- "$@"
}
# Puts things into the folder that we are in. What comes from another file system would be copied, in folders that whoever has
# this one can swap for links meanwhile: so it is copied to a private folder here first, and renamed from there.
place() {
  # shellcheck disable=SC2154 # move-all.sh exports it
  if [ "$(device)" = "$stage_device" ]; then mv -f -- "$@" ./; return; fi
  own=${stage%/files} own=${own##*/}
  near=$(go_private "$own" && mkdir -m 700 -- "./$own" && printf %s "${PWD%/}/$own") || {
    printf 'On the file system of %s there is no folder that only this account and root can write to\n' "$PWD" >&2
    return 1
  }
  mv -- "$@" "$near"
  failed=$?
  for thing do mv -f -- "$near/${thing##*/}" ./ || failed=1; done
  rm -rf -- "$near"
  return "$failed"
}
beside() {
  kept=${1##*/}$suffix
  # shellcheck disable=SC2015 # whatever fails is an error
  aside=$(mktemp -d "$stage/XXXXXXXXXX") && rm -rf -- "./$kept" && mv -- "$1" "$aside/$kept" && place "$aside/$kept" ||
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
