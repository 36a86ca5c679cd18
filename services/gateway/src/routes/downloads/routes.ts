import type { GatewayDeps } from '../../http/deps.ts';
import type { Endpoint } from '../../http/endpoint.ts';
import { contentRoute } from './content.ts';
import { selectionRoute } from './selection.ts';

export const downloadRoutes = (deps: GatewayDeps): readonly Endpoint[] => [contentRoute(deps), selectionRoute(deps)];
