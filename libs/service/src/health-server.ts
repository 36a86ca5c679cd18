import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { register } from 'prom-client';
import type { Check } from './running-service.ts';
import type { ListenAddress } from './service-config.ts';

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

const answer = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
};

/** `/healthz`: the process answers. `/readyz`: it can work, or 503 with what is missing. `/metrics`: Prometheus. */
export const startHealthServer = async (
  address: ListenAddress,
  checks: () => Promise<readonly Check[]>,
): Promise<HealthServer> => {
  const server = createServer((request, response) => {
    const path = request.url?.split('?', 1)[0];
    if (path === '/healthz') return answer(response, 200, { status: 'ok' });
    if (path === '/readyz') {
      void checks().then((all) => {
        const ready = all.every((check) => check.ready);
        answer(response, ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', checks: all });
      });
      return undefined;
    }
    if (path === '/metrics') {
      void register.metrics().then((text) => {
        response.writeHead(200, { 'content-type': register.contentType });
        response.end(text);
      });
      return undefined;
    }
    return answer(response, 404, { detail: 'Known here: /healthz, /readyz, /metrics.' });
  });
  server.requestTimeout = 10_000;
  server.listen(address.port, address.host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
