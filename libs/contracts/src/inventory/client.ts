import { defineEvent, type EventOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { integerId, removedEntity, requiredText, text, uuid } from '../wire/scalars.ts';

/**
 * A client (a machine that is backed up) as the API, the commands and the events have it.
 * See docs/decisions/0003-one-name-for-a-field.md.
 */
export const clientFields = z.object({
  hostname: requiredText(1024),
  ip: text(4096),
  version: text(50),
  ready: z.boolean(),
  hypervisor_ready: z.boolean(),
  hypervisor_name: text(1024),
  enabled: z.boolean(),
  port: z.int().min(1).max(65_535),
  /** KiB/s; null = no limit. */
  bandwidth_limit: z.int().min(0).max(2_147_483_647).nullable(),
  mark_as_to_update: z.boolean(),
  behind_firewall: z.boolean(),
});
export type ClientFields = z.infer<typeof clientFields>;

/** A client as it was when a run was requested. */
export const clientSnapshot = z.object({
  id: integerId,
  uuid,
  hostname: z.string(),
  port: z.int(),
  /** KiB/s; null = no limit. */
  bandwidth_limit: z.int().min(0).nullable(),
});

export const clientRegistered = defineEvent({
  type: 'client-registered',
  schema: clientFields.extend({ id: integerId, uuid }),
});

export const clientChanged = defineEvent({
  type: 'client-changed',
  schema: clientFields.partial().extend({ uuid }),
});

/** A machine that a hypervisor knows. */
export const virtualMachine = z.object({
  /** The name (libvirt's domain) or number (Proxmox) by which the provider's tools know it. */
  id: z.string().min(1).max(255),
  name: z.string().max(255),
});
export type VirtualMachine = z.infer<typeof virtualMachine>;

/** A preparation's findings about the hypervisor on the client. */
export const clientHypervisorPrepared = defineEvent({
  type: 'client-hypervisor-prepared',
  schema: z.object({ uuid, hypervisor_ready: z.boolean(), hypervisor_name: text(1024) }),
});

/** A preparation's findings about the client. */
export const clientPrepared = defineEvent({
  type: 'client-prepared',
  schema: z.object({ uuid, version: text(50), ready: z.boolean(), ip: text(4096).optional() }),
});

export const clientRemoved = defineEvent({ type: 'client-removed', schema: removedEntity });

export const clientEvents = [
  clientRegistered,
  clientChanged,
  clientPrepared,
  clientHypervisorPrepared,
  clientRemoved,
] as const;
export type ClientEvent = EventOf<(typeof clientEvents)[number]>;
