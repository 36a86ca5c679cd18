import type { GatewayDeps } from '../deps.ts';
import type { Endpoint } from '../../http/core/endpoint.ts';
import { contentRoute } from './content.ts';
import { selectionRoute } from './selection.ts';

export const downloadRoutes = (deps: GatewayDeps): readonly Endpoint[] => [contentRoute(deps), selectionRoute(deps)];
