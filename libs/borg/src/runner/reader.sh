#!/bin/sh
# Takes a script from standard input and runs it: a number of lines, and the lines. Sent as one line, and for a login shell that
# may be csh or fish: so no single quotes, no `!`, and each line ends where a blank may follow.
IFS= read -r n || exit 121;
nl=$(printf "\nx"); nl=${nl%x}; s=;
while [ "$n" -gt 0 ]; do
IFS= read -r l || exit 121; s="$s$l$nl"; n=$((n-1));
done;
unset n l nl;
echo cyborgbackup-start;
eval "$s"
