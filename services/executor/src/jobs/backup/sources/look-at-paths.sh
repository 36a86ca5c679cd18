# Says of each path, in their order: whether it is there, its file system, and where it leads if it is a symbolic link.
for path do
  state=missing target=''
  if [ -e "$path" ] || [ -L "$path" ]; then state=there; fi
  if [ -L "$path" ] && [ -e "$path" ]; then target=$(readlink -f -- "$path") || target=''; fi
  printf '%s %s %s\0' "$state" "$(stat -L -c %d -- "$path" 2> /dev/null)" "$target"
done
