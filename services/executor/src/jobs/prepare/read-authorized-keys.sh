# shellcheck shell=sh
# Prints the checksum of the account's authorized_keys, and then the file; nothing but the checksum when there is none.
file=$HOME/.ssh/authorized_keys
[ -e "$file" ] || { cksum </dev/null; exit 0; }
cksum <"$file" && cat -- "$file"
