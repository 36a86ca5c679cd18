/**
 * The container's health: asks /healthz of whichever role runs here. The gateway answers on its own port, the other
 * services on a port of their own for this. Exits 0 when the first that listens is well.
 */
const portOf = (address) => /:(\d+)$/.exec(address ?? '')?.[1];

const ports = [process.env.CYBORGBACKUP_LISTEN, process.env.CYBORGBACKUP_HEALTH_LISTEN].map(portOf).filter(Boolean);

const isHealthy = async () => {
  for (const port of ports) {
    try {
      const { ok } = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(4_000) });
      return ok;
    } catch (error) {
      if (error.cause?.code !== 'ECONNREFUSED') return false;
    }
  }
  return false;
};

process.exitCode = (await isHealthy()) ? 0 : 1;
