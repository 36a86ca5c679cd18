# shellcheck shell=sh
# Arguments: policy, folder extracted to, root of the destinations, suffix, whether in place, linked parents, a folder for the
# times of folders or nothing, and the other scripts. Prints how many files replaced another one, were kept beside it, stayed out, the bytes of those, the
# folders that were looked into, and the errors.
policy=$1 stage=$2 target=$3 suffix=$4 follow=$5 parents=$6 times=$7 common=$8 folder=$9
shift 9
files=$1 rest=$2 me=$(id -u)
unset CDPATH
# shellcheck disable=SC2015 # whatever fails ends it
cd -P -- "$stage" && [ "$PWD" = "$stage" ] && [ -O . ] || { printf '%s is not what it was\n' "$stage" >&2; exit 3; }
stage_device=$(stat -c %d . 2>/dev/null || stat -f %d .)
export stage_device policy stage target suffix follow parents times common folder files rest me
{
  find . -type d ! -name . -exec sh -c 'eval "$folder"' sh {} ';' -prune || echo e
  find . -type d -exec sh -c 'eval "$rest"' sh {} ';' || echo e
} | awk '{ count[$1]++; if ($1 == "s" && $3 ~ /^(8|10)/) bytes += $2 }
  END { printf "%d %d %d %.0f %d %d\n", count["r"], count["k"], count["s"], bytes, count["d"], count["e"] }'
