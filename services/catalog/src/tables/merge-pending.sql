select gin_clean_pending_list(i.indexrelid)
  from pg_index i
       join pg_class t on t.oid = i.indrelid
       join pg_namespace n on n.oid = t.relnamespace
       join pg_class c on c.oid = i.indexrelid
       join pg_am m on m.oid = c.relam
 where n.nspname = $1 and t.relname = $2 and m.amname = 'gin'
