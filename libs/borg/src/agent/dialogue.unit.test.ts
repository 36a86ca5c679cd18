import { once } from 'node:events';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { createAgentStream } from './dialogue.ts';
import { createForwardedAgent } from './forwarded-agent.ts';
import { generateKeyPair } from '../ssh/key.ts';
import { wireString } from '../ssh/wire.ts';

let pem: string;
beforeAll(async () => {
  pem = (await generateKeyPair({ type: 'ed25519', comment: '' })).privateKey;
});

const FAILURE = '0000000105';

/** What the agent answers to bytes in the given pieces, as hex; `error` when it hangs up. */
const answers = async (pieces: readonly Buffer[]): Promise<string> => {
  const stream = createAgentStream([{ privateKey: pem, destination: { user: 'borg' } }]);
  let hex = '';
  stream.on('data', (chunk: Buffer) => (hex += chunk.toString('hex')));
  const ended = once(stream, 'end').then(
    () => hex,
    () => 'error',
  );
  for (const piece of pieces) stream.write(piece);
  stream.end();
  return ended;
};

test('agent messages are answered alike however their bytes are split', async () => {
  const list = wireString(Buffer.of(11));
  const unknown = wireString(Buffer.concat([Buffer.of(27), wireString('query')]));
  const bytes = Buffer.concat([list, unknown, list]);
  const whole = await answers([bytes]);
  expect(whole).toMatch(new RegExp(`^000000..0c00000001.*${FAILURE}000000..0c`));
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: bytes.length - 1 }), async (at) => {
      expect(await answers([bytes.subarray(0, at), bytes.subarray(at)])).toBe(whole);
    }),
    { numRuns: 20 },
  );
});

test('the agent signs nothing but SSH logins', async () => {
  const type = fc.constantFrom(13, 27, 1, 17, 255);
  await fc.assert(
    fc.asyncProperty(
      type,
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 4 }),
      fc.boolean(),
      async (code, fields, framed) => {
        const body = fields.map((field) => (framed ? wireString(Buffer.from(field)) : Buffer.from(field)));
        expect(await answers([wireString(Buffer.concat([Buffer.of(code), ...body]))])).toBe(FAILURE);
      },
    ),
    { numRuns: 200 },
  );
});

test('an agent that is asked again and again hangs up', async () => {
  const list = wireString(Buffer.of(11));
  expect(await answers(Array<Buffer>(100).fill(list))).toMatch(/0c00000001/);
  expect(await answers(Array<Buffer>(101).fill(list))).toBe('error');
  const agent = createForwardedAgent(() => []);
  const open = (): Promise<boolean> =>
    new Promise((resolve) => agent.getStream?.((error) => resolve(error === undefined)));
  for (let connection = 0; connection < 1_000; connection += 1) expect(await open()).toBe(true);
  expect(await open()).toBe(false);
});

test("a message beyond the limit ends the agent's connection", async () => {
  expect(await answers([Buffer.of(0xff, 0xff, 0xff, 0xff)])).toBe('error');
});
