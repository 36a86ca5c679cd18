# shellcheck shell=sh
# Prints the number of each path that leads through a symbolic link, from 1. Missing paths are reported elsewhere.
i=0
for path do
  i=$((i + 1))
  parent=$(dirname -- "$path")
  real=$(cd -P -- "$parent" 2>/dev/null && pwd -P) || continue
  [ "$real" = "$parent" ] || echo "$i"
done
