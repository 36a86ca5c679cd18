/*
 * How restored files get from the folder they were extracted to, to their places, by the policy `$policy`: newer, never or
 * keep-both. Names reach the scripts as arguments of `find -exec`, so that no name can be taken for anything else; the
 * scripts themselves go through the environment, as find would put the name in wherever one of them has braces.
 *
 *   nothing is there          moved, a folder with all below it at once
 *   a folder meets a folder   looked into
 *   anything else meets       newer: replaces what is older; never: stays out; keep-both: moved beside it with `$suffix`,
 *                             unless the contents are the same
 *
 * First each file that meets another one is dealt with: it gives a line, `r` when it will replace that one, `k` when it was
 * kept beside it, `s` with its size and mode when it stays out and was removed. Then all that is left is moved, a folder at a
 * time. `e` is an error. Moving is renaming on one file system, so a place has the old file or the new one, never a part.
 */

const COMMON = `
leave_out() {
  [ "$#" -gt 0 ] || return 0
  if stat -c %f / >/dev/null 2>&1; then stat -c 's %s %f' -- "$@"; else stat -f 's %z %p' -- "$@"; fi
  rm -f -- "$@"
}
beside() {
  rm -rf -- "$2$suffix" && mv -- "$1" "$2$suffix" || { echo e; return 1; }
}`;

/** For one folder `$1`; succeeds when there is no need to look into it. */
const FOLDER = `${COMMON}
there=$target/$1
if [ ! -e "$there" ] && [ ! -L "$there" ]; then mv -- "$1" "$there" || echo e; exit 0; fi
[ ! -d "$there" ] || exit 1
if [ "$policy" = keep-both ]; then
  beside "$1" "$there" && find "$there$suffix" ! -type d -exec sh -c 'for _ do echo k; done' sh {} +
else
  find "$1" ! -type d -exec sh -c 'eval "$out"; leave_out "$@"' sh {} +
  rm -rf -- "$1"
fi
exit 0`;

/** For many that are no folders. */
const FILES = `${COMMON}
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
  there=$target/$file
  if [ ! -e "$there" ] && [ ! -L "$there" ]; then
    :
  elif [ "$policy" = newer ] && { [ -L "$there" ] || [ ! -d "$there" ]; } && is_newer "$file" "$there"; then
    echo r
  elif [ "$policy" = keep-both ] && ! { is_plain "$file" && is_plain "$there" && cmp -s -- "$file" "$there"; }; then
    beside "$file" "$there" && echo k
  else
    set -- "$@" "$file"
  fi
done
leave_out "$@"`;

/** For what is left in one folder `$1`: its files, not its folders. */
const REST = `
cd -- "$1" && there=$target/$1 && export there || { echo e; exit; }
find . ! -name . -prune ! -type d -exec sh -c 'mv -f -- "$@" "$there/" || echo e' sh {} + || echo e`;

/** Arguments: policy, folder extracted to, root of the places, suffix, and the scripts above. Prints totals. */
const MAIN = `
policy=$1 stage=$2 target=\${3%/} suffix=$4 folder=$5 files=$6 rest=$7 out=$8
export policy target suffix folder files rest out
cd -- "$stage" || exit 3
{
  find . -type d ! -name . -exec sh -c 'eval "$folder"' sh {} ';' -prune -o \\
    ! -type d -exec sh -c 'eval "$files"' sh {} + || echo e
  find . -type d -exec sh -c 'eval "$rest"' sh {} ';' || echo e
} | awk '{ count[$1]++; if ($1 == "s" && $3 ~ /^(8|10)/) bytes += $2 }
  END { printf "%d %d %d %.0f %d\\n", count["r"], count["k"], count["s"], bytes, count["e"] }'`;

/** A command that puts everything in `stage` in its place, and prints how many replaced, were kept beside, stayed out. */
export const placeCommand = (placing: {
  readonly policy: 'newer' | 'never' | 'keep-both';
  readonly stage: string;
  readonly root: string;
  readonly suffix: string;
}): readonly string[] => {
  const { policy, stage, root, suffix } = placing;
  const scripts = [FOLDER, FILES, REST, COMMON].map((script) => script.trim());
  return ['sh', '-c', MAIN.trim(), 'sh', policy, stage, root, suffix, ...scripts];
};
