export { parseBlackout, type Blackout } from './blackout.ts';
export { findBlackout } from './find-blackout.ts';
export { nextOpenOccurrence, type OpenTimes } from './next-open-occurrence.ts';
