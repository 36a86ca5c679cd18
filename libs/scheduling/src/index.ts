export { findBlackout, nextOpenOccurrence, parseBlackout, type Blackout, type OpenTimes } from './blackout.ts';
export { parseCrontab, type Crontab } from './crontab.ts';
export { nextOccurrence, occurrencesOfMonth } from './occurrences.ts';
export { checkTimezone } from './zone-offsets.ts';
