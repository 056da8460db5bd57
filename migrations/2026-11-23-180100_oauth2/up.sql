-- Credentials that get access tokens. The constraint reads the small table once under its lock.
ALTER TABLE credentials DROP CONSTRAINT credentials_type_check,
    ADD CONSTRAINT credentials_type_check CHECK (type IN ('basic', 'bearer', 'api_key', 'smtp', 'signing', 'oauth2'));
