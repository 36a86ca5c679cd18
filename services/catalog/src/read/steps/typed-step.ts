import type { EventDefinition } from '@cyborgbackup/kernel';
import type { ProjectionStep, StepTarget } from '@cyborgbackup/projections';

/** A step for events of one definition. The codec has validated and upcast them, so their data is what the definition says. */
export const typed =
  <Data>(
    _definition: EventDefinition<string, Data>,
    step: (target: StepTarget, event: { readonly data: Data; readonly occurredAt: string }) => Promise<void>,
  ): ProjectionStep =>
  (target, event) =>
    step(target, { data: event.data as Data, occurredAt: event.metadata.occurredAt });
