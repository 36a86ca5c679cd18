import { catalogCommands, type RpcInput } from '@cyborgbackup/contracts';
import { Command } from '@cyborgbackup/messaging';
import { Controller, Inject } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { SampleFiles } from './sample-files.ts';

export const SAMPLE_FILES = Symbol('SampleFiles');

const { sample } = catalogCommands;

@Controller()
export class SampleController {
  readonly #sampleFiles: SampleFiles;

  constructor(@Inject(SAMPLE_FILES) sampleFiles: SampleFiles) {
    this.#sampleFiles = sampleFiles;
  }

  @MessagePattern(sample.subject)
  sample(@Command(sample.input) input: RpcInput<typeof sample>): Promise<unknown> {
    return this.#sampleFiles(input);
  }
}
