import { WALK } from './walk-script.ts';

/*
 * How restored files get from the folder they were extracted to, to their places, by the policy `$policy`: newer, never or
 * keep-both. Names reach the scripts as arguments of `find -exec`, so that no name can be taken for anything else; the
 * scripts themselves go through the environment, as find would put the name in wherever one of them has braces.
 *
 *   nothing is there          moved, a folder with all below it at once
 *   a folder meets a folder   looked into
 *   anything else meets       newer: replaces what is older, if it is no folder; never: stays out; keep-both: moved beside it
 *                             with `$suffix`, unless the contents are the same
 *
 * A link is no folder, wherever it leads; but those above what was chosen, which `$parents` names, each on a line, are as
 * good as one. Whose place it is may put another link there at any moment: so each script goes to the place (see
 * walk-script.ts) and moves things to the folder it is in, by their own names, where no link is followed either.
 *
 * First each folder is dealt with, then the files of those that were looked into: a file that meets another one gives a line,
 * `r` when it will replace that one, `k` when it was kept beside it, `s` with its size and mode when it stays out and was
 * removed; then all that is left is moved. `e` is an error. Moving is renaming on one file system, so a place has the old file
 * or the new one, never a part.
 */

/** Things that are extracted are named in full, places by their names in the folder we are in. */
const COMMON = `
${WALK}
leave_out() {
  [ "$#" -gt 0 ] || return 0
  if stat -c %f / >/dev/null 2>&1; then stat -c 's %s %f' -- "$@"; else stat -f 's %z %p' -- "$@"; fi
  rm -f -- "$@"
}
beside() {
  kept=\${1##*/}$suffix
  aside=$(mktemp -d "$stage/XXXXXXXXXX") && rm -rf -- "./$kept" && mv -- "$1" "$aside/$kept" && mv -- "$aside/$kept" ./ ||
    { echo e; return 1; }
  rmdir -- "$aside"
}
go() {
  cd -P -- "$target" && walk "$1" && return
  printf 'The folder %s is not there, or a link\\n' "$target/\${1#./}" >&2
  echo e
  exit 0
}`.trim();

/** For one folder `$1`; succeeds when there is no need to look into it. */
const FOLDER = `
eval "$common"
name=\${1##*/} extracted=$stage/\${1#./}
go "\${1%/*}"
if [ ! -e "./$name" ] && [ ! -L "./$name" ]; then mv -- "$extracted" ./ || echo e; exit 0; fi
if [ -d "./$name" ]; then
  [ -L "./$name" ] || exit 1
  case "
$parents
" in *"
$1
"*) exit 1 ;; esac
fi
if [ "$policy" = keep-both ]; then
  beside "$extracted" && find "./$name$suffix" ! -type d -exec sh -c 'for _ do echo k; done' sh {} +
else
  find "$extracted" ! -type d -exec sh -c 'eval "$common"; leave_out "$@"' sh {} +
  rm -rf -- "$extracted"
fi
exit 0`.trim();

/** For many that are no folders, of the folder we are in the place of. */
const FILES = `
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
  there=./\${file##*/}
  if [ ! -e "$there" ] && [ ! -L "$there" ]; then
    :
  elif [ "$policy" = newer ] && { [ -L "$there" ] || [ ! -d "$there" ]; } && is_newer "$file" "$there"; then
    echo r
  elif [ "$policy" = keep-both ] && ! { is_plain "$file" && is_plain "$there" && cmp -s -- "$file" "$there"; }; then
    beside "$file" && echo k
  else
    set -- "$@" "$file"
  fi
done
leave_out "$@"`.trim();

/** For what is left in one folder `$1`: its files, not its folders. */
const REST = `
eval "$common"
go "$1"
extracted=$stage/\${1#.}
extracted=\${extracted%/}/.
find "$extracted" ! -name . -prune ! -type d -exec sh -c 'eval "$files"' sh {} + || echo e
find "$extracted" ! -name . -prune ! -type d -exec sh -c 'mv -f -- "$@" ./ || echo e' sh {} + || echo e`.trim();

/** Arguments: policy, folder extracted to, root of the places, suffix, whether in place, parents, the scripts. Prints totals. */
const MAIN = `
policy=$1 stage=$2 target=$3 suffix=$4 follow=$5 parents=$6 common=$7 folder=$8 files=$9
shift 9
rest=$1 me=$(id -u)
unset CDPATH
cd -P -- "$stage" && [ "$PWD" = "$stage" ] && [ -O . ] || { printf '%s is not what it was\\n' "$stage" >&2; exit 3; }
export policy stage target suffix follow parents common folder files rest me
{
  find . -type d ! -name . -exec sh -c 'eval "$folder"' sh {} ';' -prune || echo e
  find . -type d -exec sh -c 'eval "$rest"' sh {} ';' || echo e
} | awk '{ count[$1]++; if ($1 == "s" && $3 ~ /^(8|10)/) bytes += $2 }
  END { printf "%d %d %d %.0f %d\\n", count["r"], count["k"], count["s"], bytes, count["e"] }'`;

export interface Places {
  readonly policy: 'newer' | 'never' | 'keep-both';
  /** As `pwd -P` names it. */
  readonly stage: string;
  readonly root: string;
  readonly suffix: string;
  /** Whether links that only root can have made are followed; then those among the folders above what was chosen. */
  readonly inPlace: boolean;
  readonly linkedParents: readonly string[];
}

/** A command that puts everything in `stage` in its place, and prints how many replaced, were kept beside, stayed out. */
export const placeCommand = ({ policy, stage, root, suffix, inPlace, linkedParents }: Places): readonly string[] => {
  const parents = linkedParents.map((path) => `./${path}`).join('\n');
  const options = [policy, stage, root, suffix, inPlace ? 'yes' : 'no', parents];
  return ['sh', '-c', MAIN.trim(), 'sh', ...options, COMMON, FOLDER, FILES, REST];
};
