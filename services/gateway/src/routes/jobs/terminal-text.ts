/*
 * Output of clients and hosts is shown in terminals: `curl …/stdout/?format=txt`. What a terminal takes as a command must not come
 * through, or whoever wrote the output decides what is on the screen, in the title, in the clipboard.
 */

/** Colours: SGR, with parameters of a sensible length. */
const COLOUR = String.raw`\x1b\[[0-9;:]{0,64}m`;

/** All controls but the tab and the end of a line: C0, DEL, and C1, which are 8-bit forms of the same. */
const CONTROL = String.raw`[\x00-\x08\x0b-\x1f\x7f-\x9f]`;

const COLOUR_OR_CONTROL = new RegExp(`${COLOUR}|${CONTROL}`, 'g');

const CONTROL_PICTURES = 0x2400;
const PICTURE_OF_DELETE = '\u2421';

/** A control as a picture of itself, so that a reader sees that there was something. */
const pictureOf = (control: string): string => {
  const code = control.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(CONTROL_PICTURES + code);
  return code === 0x7f ? PICTURE_OF_DELETE : '\uFFFD';
};

/** Text that a terminal can only print, in colours: other control characters are pictures of themselves (`␛[2J`). */
export const terminalText = (text: string): string =>
  text.replace(COLOUR_OR_CONTROL, (found) => (found.length > 1 ? found : pictureOf(found)));

/** Without colours too. */
export const plainText = (text: string): string =>
  text.replace(COLOUR_OR_CONTROL, (found) => (found.length > 1 ? '' : pictureOf(found)));
