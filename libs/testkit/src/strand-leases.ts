import pg from 'pg';

/** Leaves all leases as they are when their owners die and PostgreSQL's clock is then set back by a day. */
export const strandLeases = async (adminUrl: string): Promise<void> => {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    await admin.query(
      `update projections.checkpoints set owner = 'dead', fence = fence + 1, expires_at = clock_timestamp() + interval '1 day'`,
    );
  } finally {
    await admin.end();
  }
};
