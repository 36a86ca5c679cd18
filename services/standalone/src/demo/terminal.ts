/** What the demo shows: headings, facts and one line that is written over while something goes on. */
export interface Terminal {
  step(title: string): void;
  fact(text: string): void;
  /** Replaces the line that shows progress; without a terminal, prints at most one line in two seconds. */
  live(text: string): void;
  /** Ends the live line. */
  endLive(): void;
}

const LIVE_MILLIS = 2_000;
const DIM = '\u001B[2m';
const BOLD = '\u001B[1m';
const PLAIN = '\u001B[0m';
const CLEAR_LINE = '\r\u001B[K';

export const createTerminal = (out: NodeJS.WriteStream): Terminal => {
  const isTerminal = out.isTTY;
  let number = 0;
  let lastLive = 0;
  let lastText = '';
  let open = false;
  const endLive = (): void => {
    if (open) out.write('\n');
    open = false;
  };
  return {
    step: (title) => {
      endLive();
      number += 1;
      out.write(isTerminal ? `\n${BOLD}${number}. ${title}${PLAIN}\n` : `\n${number}. ${title}\n`);
    },
    fact: (text) => {
      endLive();
      out.write(`   ${text}\n`);
    },
    live: (text) => {
      if (isTerminal) {
        out.write(`${CLEAR_LINE}   ${DIM}${text.slice(0, Math.max(20, out.columns - 4))}${PLAIN}`);
        open = true;
      } else if (text !== lastText && Date.now() - lastLive >= LIVE_MILLIS) {
        lastLive = Date.now();
        lastText = text;
        out.write(`   ${text}\n`);
      }
    },
    endLive,
  };
};
