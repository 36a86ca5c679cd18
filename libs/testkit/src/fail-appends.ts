import { readSql } from '@cyborgbackup/database';
import pg from 'pg';

const FAIL_APPENDS = readSql(new URL('./fail-appends.sql', import.meta.url));

/** Lets PostgreSQL refuse as many appends of events of a type as there are SQLSTATEs, each with the next one. */
export const failAppends = async (adminUrl: string, type: string, sqlStates: readonly string[]): Promise<void> => {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    await admin.query(FAIL_APPENDS);
    await admin.query(
      `create or replace trigger fail_append before insert on events.log for each row when (new.type = ${pg.escapeLiteral(type)})
       execute function public.fail_append(${sqlStates.map((state) => pg.escapeLiteral(state)).join(', ')})`,
    );
  } finally {
    await admin.end();
  }
};

/** Errors that pass by themselves: of a lock, of two transactions, of a server that became a standby, of a full disk. */
export const PASSING_SQL_STATES = ['55P03', '40001', '40P01', '25006', '53100', '58030'] as const;
