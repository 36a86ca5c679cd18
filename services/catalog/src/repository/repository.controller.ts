import { catalogCommands, type RpcInput, type RpcOutput } from '@cyborgbackup/contracts';
import { Command } from '@cyborgbackup/messaging';
import { Controller, Inject } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';

export const RECONCILE = Symbol('Reconcile');

const { reconcile } = catalogCommands;

type Reconcile = (input: RpcInput<typeof reconcile>) => Promise<RpcOutput<typeof reconcile>>;

@Controller()
export class RepositoryController {
  readonly #reconcile: Reconcile;

  constructor(@Inject(RECONCILE) handler: Reconcile) {
    this.#reconcile = handler;
  }

  @MessagePattern(reconcile.subject)
  reconcile(@Command(reconcile.input) input: RpcInput<typeof reconcile>): Promise<unknown> {
    return this.#reconcile(input);
  }
}
