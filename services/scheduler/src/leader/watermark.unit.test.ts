import { expect, it } from 'vitest';
import { createWatermark } from './watermark.ts';

it('resolves for positions that are reached, and never falls', async () => {
  const watermark = createWatermark(new AbortController().signal);
  watermark.advance(5n);
  watermark.advance(3n);
  await watermark.waitFor(5n);
  const reached: bigint[] = [];
  const waiting = watermark.waitFor(7n).then(() => reached.push(7n));
  watermark.advance(6n);
  await watermark.waitFor(6n);
  expect(reached).toEqual([]);
  watermark.advance(8n);
  await waiting;
  expect(reached).toEqual([7n]);
});

it('resolves for all positions when the signal aborts', async () => {
  const stopping = new AbortController();
  const watermark = createWatermark(stopping.signal);
  const waiting = watermark.waitFor(1n);
  stopping.abort();
  await waiting;
  await watermark.waitFor(1n);
});
