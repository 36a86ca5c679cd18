/** What a stream of server-sent events has brought. */
export interface ReceivedEvent {
  readonly event: string;
  readonly id: string;
  readonly data: Record<string, unknown>;
}

const parse = (block: string): ReceivedEvent | undefined => {
  const field = (name: string): string =>
    block
      .split('\n')
      .filter((line) => line.startsWith(`${name}: `))
      .map((line) => line.slice(name.length + 2))
      .join('\n');
  const data = field('data');
  return data === '' ? undefined : { event: field('event'), id: field('id'), data: JSON.parse(data) };
};

/** The events of a response, one by one; comments and `retry` are passed over. */
export async function* receivedEvents(response: Response): AsyncGenerator<ReceivedEvent, void> {
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + chunk).split('\n\n');
    text = blocks.pop() ?? '';
    for (const event of blocks.map(parse)) if (event) yield event;
  }
}
