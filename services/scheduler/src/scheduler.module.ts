import { schedulerCommands } from '@cyborgbackup/contracts';
import { Command } from '@cyborgbackup/messaging';
import { Controller, Inject, Module, type DynamicModule } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { z } from 'zod';

type Input<Name extends keyof typeof schedulerCommands> = z.output<(typeof schedulerCommands)[Name]['input']>;
type Output<Name extends keyof typeof schedulerCommands> = Promise<
  z.output<(typeof schedulerCommands)[Name]['output']>
>;

/** One handler for each call. */
export type SchedulerHandlers = {
  readonly [Name in keyof typeof schedulerCommands]: (command: Input<Name>) => Output<Name>;
};

const HANDLERS = Symbol('SchedulerHandlers');

@Controller()
class SchedulerController {
  readonly #handlers: SchedulerHandlers;

  constructor(@Inject(HANDLERS) handlers: SchedulerHandlers) {
    this.#handlers = handlers;
  }

  @MessagePattern(schedulerCommands.launch.subject)
  launch(@Command(schedulerCommands.launch.input) command: Input<'launch'>): Output<'launch'> {
    return this.#handlers.launch(command);
  }

  @MessagePattern(schedulerCommands.relaunch.subject)
  relaunch(@Command(schedulerCommands.relaunch.input) command: Input<'relaunch'>): Output<'relaunch'> {
    return this.#handlers.relaunch(command);
  }

  @MessagePattern(schedulerCommands.restore.subject)
  restore(@Command(schedulerCommands.restore.input) command: Input<'restore'>): Output<'restore'> {
    return this.#handlers.restore(command);
  }

  @MessagePattern(schedulerCommands.checkRepository.subject)
  checkRepository(
    @Command(schedulerCommands.checkRepository.input) command: Input<'checkRepository'>,
  ): Output<'checkRepository'> {
    return this.#handlers.checkRepository(command);
  }

  @MessagePattern(schedulerCommands.drill.subject)
  drill(@Command(schedulerCommands.drill.input) command: Input<'drill'>): Output<'drill'> {
    return this.#handlers.drill(command);
  }

  @MessagePattern(schedulerCommands.cancel.subject)
  cancel(@Command(schedulerCommands.cancel.input) command: Input<'cancel'>): Output<'cancel'> {
    return this.#handlers.cancel(command);
  }

  @MessagePattern(schedulerCommands.explain.subject)
  explain(@Command(schedulerCommands.explain.input) command: Input<'explain'>): Output<'explain'> {
    return this.#handlers.explain(command);
  }
}

@Module({})
class SchedulerModule {}

export const schedulerModule = (handlers: SchedulerHandlers): DynamicModule => ({
  module: SchedulerModule,
  controllers: [SchedulerController],
  providers: [{ provide: HANDLERS, useValue: handlers }],
});
