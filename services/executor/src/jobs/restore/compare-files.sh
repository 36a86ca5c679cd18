# shellcheck shell=sh
# shellcheck disable=SC2154,SC3013 # the environment has them; dash and busybox have -nt
#
# For many files, with their destination as the current folder. Those that stay out are collected in the list of arguments,
# which has been gone through by then; appending to a long list would be slow.
eval "$common"
is_newer() {
  if [ -L "$1" ] || [ -L "$2" ]; then [ -n "$(find "$1" -prune -newer "$2" 2>/dev/null)" ]; else [ "$1" -nt "$2" ]; fi
}
# Reading a pipe would wait for ever.
is_plain() { [ -f "$1" ] && [ ! -L "$1" ]; }
begun=
for file do
  # Those that stay out are collected in the list that was gone through; a long one would be slow to add to.
  [ -n "$begun" ] || { begun=yes; set --; }
  [ "$#" -lt 200 ] || { leave_out "$@"; set --; }
  there=./${file##*/}
  if [ ! -e "$there" ] && [ ! -L "$there" ]; then
    :
  elif [ "$policy" = always ]; then
    # A folder with something in it stays, and the file cannot be moved.
    if [ -d "$there" ] && [ ! -L "$there" ]; then rmdir -- "$there"; fi
    echo r
  elif [ "$policy" = newer ] && { [ -L "$there" ] || [ ! -d "$there" ]; } && is_newer "$file" "$there"; then
    echo r
  elif [ "$policy" = keep-both ] && ! { is_plain "$file" && is_plain "$there" && cmp -s -- "$file" "$there"; }; then
    beside "$file" && echo k
  else
    set -- "$@" "$file"
  fi
done
leave_out "$@"
