# shellcheck shell=sh
# Removes the files $3 and following from the exclusive lock in the folder $1, and the roster if it still is $2.
#
# Only files whose owners were looked up are removed, so that a lock that is taken meanwhile stays. So does the roster when it
# has changed: a reader may have joined, which would lose its lock. No reader joins without the exclusive lock, so that one is
# taken for the comparison, in the way borg does it.
cd -- "$1" || exit 1
roster=$2
shift 2
for file do rm -f -- "lock.exclusive/$file"; done
rmdir lock.exclusive 2>/dev/null
[ -f lock.roster ] || exit 0
own=$(mktemp -d lock.exclusive.XXXXXXXX) || exit 1
: >"$own/cyborgbackup@0.$$-0"
mv -T -- "$own" lock.exclusive 2>/dev/null || { rm -rf -- "$own"; exit 1; }
[ "$(tr -d '\n' <lock.roster)" != "$roster" ] || rm -f lock.roster
rm -rf lock.exclusive
[ ! -f lock.roster ]
