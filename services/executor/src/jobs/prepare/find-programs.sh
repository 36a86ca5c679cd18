# shellcheck shell=sh
# Prints which of the programs $2 and following are missing, and the first of the package managers $1 that is there.
managers=$1; shift
for program do command -v "$program" >/dev/null || echo "missing=$program"; done
for manager in $managers; do
  ! command -v "$manager" >/dev/null || { echo "manager=$manager"; break; }
done
:
