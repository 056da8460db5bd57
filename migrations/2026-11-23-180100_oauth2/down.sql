DELETE FROM credentials WHERE type = 'oauth2';
ALTER TABLE credentials DROP CONSTRAINT credentials_type_check,
    ADD CONSTRAINT credentials_type_check CHECK (type IN ('basic', 'bearer', 'api_key', 'smtp', 'signing'));
