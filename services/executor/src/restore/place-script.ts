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
 * Each file that met another one gives a line: `r` replaced, `k` kept beside, `s` and its size when it stays out, `e` error.
 * Moving is renaming on one file system, so a place has the old file or the new one, never a part.
 */

const COMMON = `
beside() {
  rm -rf -- "$2$suffix" && mv -- "$1" "$2$suffix" || { echo e; return 1; }
}`;

/** For the sizes of files that stay out; see stat-paths.ts. */
export const PLACE_SIZES = `
if stat -c %f / >/dev/null 2>&1; then exec stat -c 's %s' -- "$@"; fi
exec stat -f 's %z' -- "$@"`.trim();

/** For one folder `$1`; succeeds when there is no need to look into it. */
export const PLACE_FOLDER = `${COMMON}
there=$target/$1
if [ ! -e "$there" ] && [ ! -L "$there" ]; then mv -- "$1" "$there" || echo e; exit 0; fi
[ ! -d "$there" ] || exit 1
if [ "$policy" = keep-both ]; then
  beside "$1" "$there" && find "$there$suffix" ! -type d -exec sh -c 'for _ do echo k; done' sh {} +
else
  find "$1" ! -type d ! -type f -exec sh -c 'for _ do echo "s 0"; done' sh {} +
  find "$1" -type f -exec sh -c 'eval "$sizes"' sh {} +
fi
exit 0`.trim();

/** For many that are no folders. */
export const PLACE_FILES = `${COMMON}
is_newer() {
  if [ -L "$1" ] || [ -L "$2" ]; then [ -n "$(find "$1" -prune -newer "$2" 2>/dev/null)" ]; else [ "$1" -nt "$2" ]; fi
}
replace() {
  # Into a link to a folder, mv would move.
  [ ! -L "$2" ] || rm -f -- "$2"
  mv -f -- "$1" "$2" && echo r || echo e
}
n=$#
for file do
  there=$target/$file
  if [ ! -e "$there" ] && [ ! -L "$there" ]; then
    mv -- "$file" "$there" || echo e
  elif [ "$policy" = newer ] && { [ -L "$there" ] || [ ! -d "$there" ]; } && is_newer "$file" "$there"; then
    replace "$file" "$there"
  elif [ "$policy" = keep-both ] && ! { [ ! -L "$file" ] && [ ! -L "$there" ] && cmp -s -- "$file" "$there"; }; then
    beside "$file" "$there" && echo k
  elif [ -f "$file" ] && [ ! -L "$file" ]; then
    set -- "$@" "$file"
  else
    echo 's 0'
  fi
done
shift "$n"
[ "$#" -eq 0 ] || eval "$sizes"`.trim();

/** Arguments: policy, folder extracted to, root of the places, suffix, and the scripts for folders, files and sizes. Prints totals. */
export const PLACE = `
policy=$1 stage=$2 target=\${3%/} suffix=$4 folder=$5 files=$6 sizes=$7
export policy target suffix folder files sizes
cd -- "$stage" || exit 3
{
  find . -type d ! -name . -exec sh -c 'eval "$folder"' sh {} ';' -prune -o \
    ! -type d -exec sh -c 'eval "$files"' sh {} + || echo e
} | awk '{ count[$1]++; if ($1 == "s") bytes += $2 }
  END { printf "%d %d %d %.0f %d\\n", count["r"], count["k"], count["s"], bytes, count["e"] }'`.trim();
