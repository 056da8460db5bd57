WITH needed (name) AS (VALUES ('tidemill_owner'), ('tidemill_app'), ('tidemill_engine')),
found AS (
    SELECT needed.name,
           -- PostgreSQL 16 tells membership from the right to SET ROLE; 15 knows only membership.
           CASE
               WHEN r.oid IS NULL THEN false
               WHEN current_setting('server_version_num')::integer >= 160000 THEN pg_has_role(current_user, r.oid, 'SET')
               ELSE pg_has_role(current_user, r.oid, 'MEMBER')
           END AS settable,
           r.oid IS NOT NULL AS present
    FROM needed LEFT JOIN pg_roles r ON r.rolname = needed.name
)
SELECT current_user::text AS role,
       array(SELECT name FROM found WHERE NOT present ORDER BY name) AS missing,
       (SELECT bool_and(settable) FROM found) AS member,
       to_regnamespace('tidemill') IS NOT NULL AS schema
