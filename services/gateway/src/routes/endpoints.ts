import type { LogIn } from '../auth/log-in.ts';
import type { GatewayDeps } from '../http/deps.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { catalogRoutes } from './catalogs/routes.ts';
import { clientRoutes } from './clients/routes.ts';
import { jobEventRoutes } from './job-events/routes.ts';
import { jobRoutes } from './jobs/routes.ts';
import { metaRoutes, type MetaConfig } from './meta/routes.ts';
import { policyRoutes } from './policies/routes.ts';
import { repositoryRoutes } from './repositories/routes.ts';
import { restoreRoutes } from './restore/routes.ts';
import { scheduleRoutes } from './schedules/routes.ts';
import { settingRoutes } from './settings/routes.ts';
import { tokenRoutes } from './token/routes.ts';
import { userRoutes } from './users/routes.ts';

export interface EndpointsOptions extends MetaConfig {
  readonly deps: GatewayDeps;
  readonly logIn: LogIn;
}

/** Everything that the API serves: the router, OPTIONS and the OpenAPI document are made from this list. */
export const createEndpoints = ({ deps, logIn, ...meta }: EndpointsOptions): readonly Endpoint[] => [
  ...metaRoutes(meta),
  ...tokenRoutes(logIn, deps.sessions),
  ...userRoutes(deps),
  ...clientRoutes(deps),
  ...scheduleRoutes(deps),
  ...repositoryRoutes(deps),
  ...policyRoutes(deps),
  ...jobRoutes(deps),
  ...jobEventRoutes(deps),
  ...catalogRoutes(deps),
  ...restoreRoutes(deps),
  ...settingRoutes(deps),
];
