#!/bin/sh
# Takes a script from standard input and runs it: a number of lines, and the lines. Each line ends where a blank may follow, since
# process lists show it as one.
IFS= read -r n || exit 121;
nl=$(printf "\nx"); nl=${nl%x}; s=;
while [ "$n" -gt 0 ]; do
IFS= read -r l || exit 121; s="$s$l$nl"; n=$((n-1));
done;
unset n l nl;
echo cyborgbackup-start-of-errors >&2;
echo cyborgbackup-start;
eval "$s"
