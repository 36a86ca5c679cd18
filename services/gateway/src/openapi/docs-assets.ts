/** Both colour schemes have a contrast of at least 4.5 to 1 everywhere. */
export const docsStyle = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --paper: #fff; --sunk: #f3f4f6; --line: #d0d7de;
  --accent: #0a5bc4; --get: #0a5bc4; --post: #136c33; --patch: #8a4b00; --put: #6b3fa0; --delete: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9aa5b1; --paper: #0f1318; --sunk: #1a2027;
  --line: #333c46; --accent: #79b8ff; --get: #79b8ff; --post: #6fdd8b; --patch: #f0b35e; --put: #c9a6ff; --delete: #ff9c94; } }
* { box-sizing: border-box; }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
header, main { max-width: 70rem; margin: 0 auto; padding: 1rem; }
h1 { margin: 0.5rem 0; } h2 { margin: 2rem 0 0.5rem; }
a { color: var(--accent); }
code { font-family: ui-monospace, monospace; font-size: 0.92em; overflow-wrap: anywhere; }
.skip { position: absolute; left: -100vw; } .skip:focus { left: 1rem; }
.search { position: sticky; top: 0; padding: 0.5rem 0; background: var(--paper); }
input[type='search'] { width: 100%; padding: 0.5rem 0.75rem; font: inherit; color: inherit; background: var(--sunk);
  border: 1px solid var(--soft); border-radius: 0.4rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.found { margin: 0.25rem 0; color: var(--soft); min-height: 1.5em; }
details { margin: 0.4rem 0; border: 1px solid var(--line); border-radius: 0.4rem; }
summary { padding: 0.5rem 0.75rem; cursor: pointer; }
.body { padding: 0 0.75rem 0.75rem; }
.method { display: inline-block; min-width: 4.5rem; font-weight: 700; }
.get { color: var(--get); } .post { color: var(--post); } .patch { color: var(--patch); } .put { color: var(--put); }
.delete { color: var(--delete); }
.what, .required { color: var(--soft); } .required { font-size: 0.85em; font-weight: 400; }
table { width: 100%; margin: 0.75rem 0; border-collapse: collapse; background: var(--sunk); }
caption { text-align: left; font-weight: 700; padding: 0.25rem 0; }
th, td { padding: 0.35rem 0.6rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); font-weight: 400; }
thead th { font-weight: 700; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; padding: 0; list-style: none; }
[hidden] { display: none; }
@media (max-width: 40rem) { .what { display: block; } table, tbody, tr, th, td { display: block; } thead { display: none; } }
`;

/** Without it the page is complete, but cannot be searched. */
export const docsScript = `
const field = document.querySelector('#search');
const found = document.querySelector('#found');
const operations = [...document.querySelectorAll('.operation')];
const sections = [...document.querySelectorAll('section[data-tag]')];
const search = () => {
  const words = field.value.toLowerCase().split(/\\s+/).filter(Boolean);
  for (const one of operations) one.hidden = !words.every((word) => one.dataset.text.includes(word));
  for (const one of sections) one.hidden = !one.querySelector('.operation:not([hidden])');
  const count = operations.filter((one) => !one.hidden).length;
  found.textContent = words.length === 0 ? '' : count + ' of ' + operations.length + ' operations';
};
const show = () => {
  const target = location.hash === '' ? null : document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target?.matches('details')) target.open = true;
};
document.querySelector('#search-box').hidden = false;
field.addEventListener('input', search);
addEventListener('hashchange', show);
show();
search();
`;
