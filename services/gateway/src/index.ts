export { gatewayConfig, type GatewayConfig } from './gateway-config.ts';
export { startGateway, type RunningGateway } from './start.ts';
