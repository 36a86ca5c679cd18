import type { JsonWebTokens } from '../auth/json-web-tokens.ts';
import type { LogIn } from '../auth/log-in.ts';
import type { GatewayDeps } from '../http/deps.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { openApiRoutes } from '../openapi/routes.ts';
import { archiveRoutes } from './archives/routes.ts';
import { catalogRoutes } from './catalogs/routes.ts';
import { clientRoutes } from './clients/routes.ts';
import { downloadRoutes } from './downloads/routes.ts';
import { drillRoutes } from './drills/routes.ts';
import { escatalogRoutes } from './escatalogs/routes.ts';
import { hostKeyRoutes } from './host-keys/routes.ts';
import { jobEventRoutes } from './job-events/routes.ts';
import { jobRoutes } from './jobs/routes.ts';
import { metaRoutes, type MetaConfig } from './meta/routes.ts';
import { passwordResetRoutes } from './password-reset/routes.ts';
import { policyRoutes } from './policies/routes.ts';
import { repositoryRoutes } from './repositories/routes.ts';
import { restoreRoutes } from './restore/routes.ts';
import { scheduleRoutes } from './schedules/routes.ts';
import { settingRoutes } from './settings/routes.ts';
import { statsRoutes } from './stats/routes.ts';
import { tokenRoutes } from './token/routes.ts';
import { personalTokenRoutes } from './tokens/routes.ts';
import { userRoutes } from './users/routes.ts';

export interface EndpointsOptions extends MetaConfig {
  readonly deps: GatewayDeps;
  readonly logIn: LogIn;
  readonly tokens: JsonWebTokens;
}

const resourceRoutes = ({ deps, logIn, tokens, ...meta }: EndpointsOptions): readonly Endpoint[] => [
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
  ...archiveRoutes(deps),
  ...drillRoutes(deps),
  ...downloadRoutes(deps),
  ...restoreRoutes(deps),
  ...settingRoutes(deps),
  ...hostKeyRoutes(deps),
  ...personalTokenRoutes(deps),
  ...statsRoutes(deps),
  ...escatalogRoutes(deps),
  ...passwordResetRoutes(deps, tokens),
];

/** Everything that the API serves: the router, OPTIONS and the OpenAPI document are made from this list. */
export const createEndpoints = (options: EndpointsOptions): readonly Endpoint[] => {
  const endpoints = resourceRoutes(options);
  return [...endpoints, ...openApiRoutes(endpoints, options.version)];
};
