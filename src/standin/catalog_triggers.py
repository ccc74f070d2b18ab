"""What PostgreSQL does behind a client's DDL: declarations, lengths in bytes, late-binding views.

How declarations that PostgreSQL does not know (DISTKEY, SORTKEY, ENCODE …) are remembered: the
rewriter cuts them from the statement and leaves them behind it in a comment, base64 of JSON. An
event trigger, which runs in the client's own transaction whatever protocol the statement came by,
reads the comment from ``current_query()``. So a rollback forgets them, and nothing has to be
injected beside the client's statement.
"""

from __future__ import annotations

EVENT_TRIGGERS = """
CREATE OR REPLACE FUNCTION standin.marks() RETURNS SETOF jsonb
LANGUAGE sql STABLE AS $fn$
    SELECT convert_from(decode(m[1], 'base64'), 'UTF8')::jsonb
    FROM regexp_matches(current_query(), E'/\\\\*standin:([A-Za-z0-9+/=]+)\\\\*/', 'g') AS m
$fn$;

CREATE OR REPLACE FUNCTION standin.attnum_of(rel oid, wanted text) RETURNS smallint
LANGUAGE sql STABLE AS $fn$
    SELECT attnum FROM pg_attribute
    WHERE attrelid = rel AND attname = wanted AND attnum > 0 AND NOT attisdropped
$fn$;

CREATE OR REPLACE FUNCTION standin.apply_mark(rel oid, m jsonb) RETURNS void
LANGUAGE plpgsql AS $fn$
DECLARE
    missing text;
    parent oid;
    old_size int;
    new_size int;
BEGIN
    SELECT k INTO missing FROM (
        SELECT m->>'distkey' AS k
        UNION ALL SELECT jsonb_array_elements_text(coalesce(m->'sortkeys', '[]'))
        UNION ALL SELECT jsonb_object_keys(coalesce(m->'encode', '{}'))
    ) AS named
    WHERE k IS NOT NULL AND standin.attnum_of(rel, k) IS NULL;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'column "%" named in key does not exist', missing USING ERRCODE = '42703';
    END IF;
    IF m ? 'widen' THEN
        -- The check on bytes is still the old one.
        SELECT split_part(conname, '_', 5)::int INTO old_size FROM pg_constraint
        WHERE conrelid = rel
          AND conname LIKE format(E'standin\\\\_bytes\\\\_varchar\\\\_%s\\\\_%%',
                                  standin.attnum_of(rel, m->>'widen'));
        SELECT atttypmod - 4 INTO new_size FROM pg_attribute
        WHERE attrelid = rel AND attname = m->>'widen';
        IF old_size IS NULL OR new_size < old_size THEN
            RAISE EXCEPTION 'ALTER COLUMN TYPE only makes VARCHAR columns longer: "%"',
                m->>'widen' USING ERRCODE = '0A000';
        END IF;
        RETURN;
    END IF;
    INSERT INTO standin.table_declared (relid) VALUES (rel) ON CONFLICT DO NOTHING;
    IF m ? 'like' THEN
        parent := to_regclass(m->>'like');
        UPDATE standin.table_declared AS t
        SET diststyle = p.diststyle, distkey = p.distkey, sortstyle = p.sortstyle,
            sortkeys = p.sortkeys, encode_auto = p.encode_auto
        FROM standin.table_declared AS p
        WHERE t.relid = rel AND p.relid = parent
          -- Attribute numbers are the parent's: they fit when the child is nothing but its copy.
          AND NOT EXISTS (
              SELECT FROM pg_attribute AS a
              LEFT JOIN pg_attribute AS b
                ON b.attrelid = rel AND b.attnum = a.attnum AND b.attname = a.attname
              WHERE a.attrelid = parent AND a.attnum > 0 AND b.attname IS NULL);
        INSERT INTO standin.column_declared
        SELECT rel, b.attnum, c.encoding
        FROM standin.column_declared AS c
        JOIN pg_attribute AS a ON a.attrelid = c.relid AND a.attnum = c.attnum
        JOIN pg_attribute AS b ON b.attrelid = rel AND b.attname = a.attname
        WHERE c.relid = parent ON CONFLICT DO NOTHING;
    END IF;
    UPDATE standin.table_declared SET
        diststyle = coalesce(m->>'diststyle', diststyle),
        distkey = CASE WHEN m ? 'distkey' THEN standin.attnum_of(rel, m->>'distkey')
                       WHEN m ? 'diststyle' AND m->>'diststyle' <> 'KEY' THEN NULL
                       ELSE distkey END,
        sortstyle = CASE WHEN m ? 'sortstyle' THEN m->>'sortstyle' ELSE sortstyle END,
        sortkeys = CASE WHEN m ? 'sortkeys' THEN
            ARRAY(SELECT standin.attnum_of(rel, k)
                  FROM jsonb_array_elements_text(m->'sortkeys') WITH ORDINALITY AS s(k, i)
                  ORDER BY i)
            ELSE sortkeys END,
        encode_auto = coalesce((m->>'encode_auto')::boolean, encode_auto),
        backup = coalesce((m->>'backup')::boolean, backup),
        foreign_keys = coalesce(foreign_keys, '{}')
            || ARRAY(SELECT jsonb_array_elements_text(coalesce(m->'foreign_keys', '[]')))
    WHERE relid = rel;
    INSERT INTO standin.column_declared
    SELECT rel, standin.attnum_of(rel, e.key), e.value
    FROM jsonb_each_text(coalesce(m->'encode', '{}')) AS e
    ON CONFLICT (relid, attnum) DO UPDATE SET encoding = excluded.encoding;
END $fn$;

-- As a replica, so that its ALTER TABLE does not set off the event trigger that it is called from.
CREATE OR REPLACE FUNCTION standin.check_bytes(rel oid) RETURNS void
LANGUAGE plpgsql SET session_replication_role = replica AS $fn$
DECLARE
    changes text;
BEGIN
    -- VARCHAR(n) counts bytes in Redshift and characters in PostgreSQL; CHAR is single-byte.
    WITH wanted AS (
        SELECT conname,
               format('ADD CONSTRAINT %I CHECK (pg_catalog.octet_length(%I) <= %s) NOT VALID',
                      conname, attname, atttypmod - 4) AS change
        FROM pg_attribute
        CROSS JOIN LATERAL format(
            'standin_bytes_%s_%s_%s',
            CASE atttypid WHEN 'varchar'::regtype THEN 'varchar' ELSE 'char' END,
            attnum, atttypmod - 4
        ) AS f(conname)
        WHERE attrelid = rel AND attnum > 0 AND NOT attisdropped AND atttypmod > 4
          AND atttypid IN ('varchar'::regtype, 'bpchar'::regtype)
    ), present AS (
        SELECT conname::text FROM pg_constraint
        WHERE conrelid = rel AND contype = 'c' AND conname LIKE E'standin\\\\_bytes\\\\_%'
    )
    SELECT string_agg(change, ', ' ORDER BY change) INTO changes FROM (
        SELECT change FROM wanted WHERE conname NOT IN (SELECT conname FROM present)
        UNION ALL
        SELECT format('DROP CONSTRAINT %I', conname) FROM present
        WHERE conname NOT IN (SELECT conname FROM wanted)
    ) AS c;
    IF changes IS NOT NULL THEN
        EXECUTE format('ALTER TABLE %s %s', rel::regclass, changes);
    END IF;
END $fn$;

-- The columns of the relations that a late-binding view reads, by name: when this text changes
-- the view has to be built again.
CREATE OR REPLACE FUNCTION standin.signature(reads text[]) RETURNS text
LANGUAGE sql STABLE AS $fn$
    SELECT string_agg(
        r || '=' || coalesce(to_regclass(r)::oid::text || ':' || (
            SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ','
                              ORDER BY attnum)
            FROM pg_attribute
            WHERE attrelid = to_regclass(r)::oid AND attnum > 0 AND NOT attisdropped), '-'),
        ';' ORDER BY r)
    FROM unnest(reads) AS r
$fn$;

CREATE OR REPLACE FUNCTION standin.unbind(rel oid, m jsonb) RETURNS void
LANGUAGE plpgsql AS $fn$
DECLARE
    names text[];
BEGIN
    SELECT array_agg(DISTINCT format('%I.%I', n.nspname, c.relname)) INTO names
    FROM pg_rewrite AS r
    JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
    JOIN pg_class AS c ON d.refclassid = 'pg_class'::regclass AND c.oid = d.refobjid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE r.ev_class = rel AND c.oid <> rel;
    DELETE FROM pg_depend AS d USING pg_rewrite AS r
    WHERE d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND r.ev_class = rel
      AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> rel;
    INSERT INTO standin.late_binding_view (relid, body, search_path, reads, signature)
    VALUES (rel, m->>'body', m->>'search_path', names, standin.signature(names))
    ON CONFLICT (relid) DO UPDATE SET body = excluded.body, reads = excluded.reads,
        search_path = excluded.search_path, signature = excluded.signature,
        failed_state = NULL, failed_message = NULL;
END $fn$;

CREATE OR REPLACE FUNCTION standin.after_ddl() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET allow_system_table_mods = on AS $fn$
DECLARE
    cmd record;
    m jsonb;
    relation name;
    namespace name;
BEGIN
    FOR cmd IN SELECT DISTINCT objid, object_type, command_tag
               FROM pg_event_trigger_ddl_commands()
               WHERE classid = 'pg_class'::regclass
                 AND object_type IN ('table', 'view', 'materialized view') LOOP
        SELECT c.relname, n.nspname INTO relation, namespace
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.oid = cmd.objid;
        CONTINUE WHEN relation IS NULL OR namespace = 'standin';
        IF cmd.object_type = 'view' AND cmd.command_tag = 'CREATE VIEW' THEN
            DELETE FROM standin.late_binding_view WHERE relid = cmd.objid;
        END IF;
        FOR m IN SELECT * FROM standin.marks() AS s(x)
                 WHERE x->>'name' = relation
                   AND coalesce(x->>'schema', namespace) = namespace LOOP
            IF m ? 'body' THEN
                PERFORM standin.unbind(
                    cmd.objid,
                    m || jsonb_build_object('search_path', current_setting('search_path')));
            ELSE
                PERFORM standin.apply_mark(cmd.objid, m);
            END IF;
        END LOOP;
        IF cmd.command_tag IN ('CREATE TABLE AS', 'SELECT INTO') THEN
            -- Redshift has no text without a length. What is stored is the same for both types.
            UPDATE pg_attribute SET atttypid = 'varchar'::regtype, atttypmod = 65535 + 4
            WHERE attrelid = cmd.objid AND attnum > 0
              AND (atttypid = 'text'::regtype
                   OR (atttypid = 'varchar'::regtype AND atttypmod = -1));
        END IF;
        IF cmd.object_type = 'table' THEN
            -- Redshift does not enforce keys: the constraint stays visible, its index neither
            -- checks nor is kept up nor is used.
            UPDATE pg_index SET indisunique = false, indisready = false, indisvalid = false
            WHERE indrelid = cmd.objid AND indisunique;
            PERFORM standin.check_bytes(cmd.objid);
        END IF;
    END LOOP;
END $fn$;

CREATE OR REPLACE FUNCTION standin.after_drop() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER AS $fn$
DECLARE
    gone oid[];
BEGIN
    SELECT array_agg(objid) INTO gone FROM pg_event_trigger_dropped_objects()
    WHERE classid = 'pg_class'::regclass AND objsubid = 0;
    IF gone IS NOT NULL THEN
        DELETE FROM standin.table_declared WHERE relid = ANY (gone);
        DELETE FROM standin.column_declared WHERE relid = ANY (gone);
        DELETE FROM standin.late_binding_view WHERE relid = ANY (gone);
    END IF;
END $fn$;

DROP EVENT TRIGGER IF EXISTS standin_after_ddl;
CREATE EVENT TRIGGER standin_after_ddl ON ddl_command_end
    WHEN TAG IN ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'ALTER TABLE', 'CREATE VIEW')
    EXECUTE FUNCTION standin.after_ddl();
DROP EVENT TRIGGER IF EXISTS standin_after_drop;
CREATE EVENT TRIGGER standin_after_drop ON sql_drop EXECUTE FUNCTION standin.after_drop();

-- Run by the stand-in after DDL has been committed: late-binding views whose tables changed are
-- made again by name. One that cannot be made now stays as it is, broken, and is tried next time.
CREATE OR REPLACE FUNCTION standin.rebuild_views() RETURNS void
LANGUAGE plpgsql SET allow_system_table_mods = on SET lock_timeout = '500ms' AS $fn$
DECLARE
    v record;
    names text[];
BEGIN
    FOR v IN SELECT l.*, c.relacl, c.relowner, c.relname, n.nspname
             FROM standin.late_binding_view AS l JOIN pg_class AS c ON c.oid = l.relid
             JOIN pg_namespace AS n ON n.oid = c.relnamespace
             WHERE l.signature IS DISTINCT FROM standin.signature(l.reads)
               AND (SELECT bool_and(to_regclass(r) IS NOT NULL) FROM unnest(l.reads) AS r)
    LOOP
        names := ARRAY[v.nspname, v.relname]::text[];
        BEGIN
            PERFORM set_config('search_path', v.search_path, true);
            -- The body is a client's text: it runs with that client's rights.
            PERFORM set_config('role', v.relowner::regrole::text, true);
            BEGIN
                EXECUTE format('CREATE OR REPLACE VIEW %I.%I AS %s', v.nspname, v.relname, v.body);
            EXCEPTION WHEN invalid_table_definition THEN
                EXECUTE format('DROP VIEW %I.%I', v.nspname, v.relname);
                EXECUTE format('CREATE VIEW %I.%I AS %s', v.nspname, v.relname, v.body);
                PERFORM set_config('role', 'none', true);
                UPDATE pg_class SET relacl = v.relacl
                WHERE oid = format('%I.%I', v.nspname, v.relname)::regclass;
            END;
            PERFORM set_config('role', 'none', true);
            PERFORM standin.unbind(
                format('%I.%I', v.nspname, v.relname)::regclass,
                jsonb_build_object('body', v.body, 'search_path', v.search_path));
        EXCEPTION WHEN OTHERS THEN
            PERFORM set_config('role', 'none', true);
            UPDATE standin.late_binding_view
            SET failed_state = SQLSTATE, failed_message = SQLERRM WHERE relid = v.relid;
        END;
    END LOOP;
END $fn$;

-- Why a late-binding view cannot be read, in the words that making it would fail with.
CREATE OR REPLACE FUNCTION standin.view_failure(OUT state text, OUT message text)
LANGUAGE sql STABLE AS $fn$
    SELECT state, message FROM (
        SELECT '42P01', format('relation "%s" does not exist', r)
        FROM standin.late_binding_view, unnest(reads) AS r WHERE to_regclass(r) IS NULL
        UNION ALL
        SELECT failed_state, failed_message FROM standin.late_binding_view
        WHERE failed_state IS NOT NULL AND signature IS DISTINCT FROM standin.signature(reads)
    ) AS f(state, message) LIMIT 1
$fn$;
REVOKE EXECUTE ON FUNCTION standin.rebuild_views() FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION standin.apply_mark(oid, jsonb) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION standin.unbind(oid, jsonb) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION standin.check_bytes(oid) FROM PUBLIC;
"""
