-- Roles of the database, made before the first migration and checked at every start. Roles belong to the whole cluster,
-- so that this file may run against a cluster that has them already.
--
-- tidemill_owner   owns the schema; nobody logs in as it, migrations run as it
-- tidemill_app     what people and tokens ask: sees one workspace at a time, under forced row-level security
-- tidemill_engine  what the engine does across workspaces: queue, journal, schedules; only the tables it needs
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['tidemill_owner', 'tidemill_app', 'tidemill_engine'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS', role_name);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- another server made it at the same moment
            END;
        END IF;
        -- Since PostgreSQL 16 who creates a role administers it, but may not yet SET ROLE to it.
        IF NOT pg_has_role(current_user, role_name,
            CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END) THEN
            EXECUTE format('GRANT %I TO current_user', role_name);
        END IF;
    END LOOP;
END
$$;

CREATE SCHEMA IF NOT EXISTS tidemill AUTHORIZATION tidemill_owner;
