import type { JsonWebTokens } from './auth/json-web-tokens.ts';
import type { LogIn } from './auth/log-in.ts';
import type { GatewayDeps } from './routes/deps.ts';
import type { Endpoint } from './http/core/endpoint.ts';
import { openApiRoutes } from './openapi/docs-page.ts';
import { diffRoute } from './routes/archives/diff/diff.ts';
import { archiveRoutes } from './routes/archives/routes.ts';
import { treeRoute } from './routes/archives/tree/tree.ts';
import { catalogRoutes } from './routes/catalogs/routes.ts';
import { clientRoutes } from './routes/clients/routes.ts';
import { contentRoute } from './routes/downloads/content.ts';
import { selectionRoute } from './routes/downloads/selection.ts';
import { drillRoutes } from './routes/drills/routes.ts';
import { escatalogRoute } from './routes/escatalogs/routes.ts';
import { hostKeyRoutes } from './routes/host-keys/routes.ts';
import { jobEventRoutes } from './routes/job-events/routes.ts';
import { jobRoutes } from './routes/jobs/routes.ts';
import { jobStreamRoute } from './routes/jobs/stream/routes.ts';
import { metaRoutes, type MetaConfig } from './routes/meta/routes.ts';
import { passwordResetRoutes } from './routes/password-reset/routes.ts';
import { policyRoutes } from './routes/policies/routes.ts';
import { repositoryRoutes } from './routes/repositories/routes.ts';
import { restoreRoutes } from './routes/restore/routes.ts';
import { searchRoute } from './routes/search/search.ts';
import { versionsRoute } from './routes/versions/versions.ts';
import { scheduleRoutes } from './routes/schedules/routes.ts';
import { settingRoutes } from './routes/settings/routes.ts';
import { statsRoute } from './routes/stats/routes.ts';
import { tokenRoutes } from './routes/token/routes.ts';
import { personalTokenRoutes } from './routes/tokens/routes.ts';
import { userRoutes } from './routes/users/routes.ts';

interface EndpointsOptions extends MetaConfig {
  readonly deps: GatewayDeps;
  readonly logIn: LogIn;
  readonly tokens: JsonWebTokens;
}

/** Everything that the API serves: the router, OPTIONS and the OpenAPI document are made from this list. */
export const createEndpoints = ({ deps, logIn, tokens, ...meta }: EndpointsOptions): readonly Endpoint[] => {
  const endpoints = [
    ...metaRoutes(meta),
    ...tokenRoutes(logIn, deps.sessions),
    ...userRoutes(deps, logIn),
    // Before the endpoints that start jobs: the first schema of the type `job` is its description in OpenAPI.
    ...jobRoutes(deps),
    jobStreamRoute(deps),
    ...jobEventRoutes(deps),
    ...clientRoutes(deps),
    ...scheduleRoutes(deps),
    ...repositoryRoutes(deps),
    ...policyRoutes(deps),
    ...catalogRoutes(deps),
    ...archiveRoutes(deps),
    treeRoute(deps),
    diffRoute(deps),
    searchRoute(deps),
    versionsRoute(deps),
    ...drillRoutes(deps),
    contentRoute(deps),
    selectionRoute(deps),
    ...restoreRoutes(deps),
    ...settingRoutes(deps),
    ...hostKeyRoutes(deps),
    ...personalTokenRoutes(deps),
    statsRoute(deps),
    escatalogRoute(deps),
    ...passwordResetRoutes(deps, tokens),
  ];
  return [...endpoints, ...openApiRoutes(endpoints, meta.version)];
};
