-- Tasks, each owned by the `sub` of a verified token.
--
-- The key starts with the owner: one index serves both the list (newest first, since ids are UUIDv7) and the single read, and
-- an id can never collide with somebody else's, so no error can tell that a foreign task exists.
-- Owners compare by bytes (COLLATE "C"). The limits repeat what the API validates.
CREATE TABLE tasks (
    owner       text        COLLATE "C" NOT NULL CHECK (octet_length(owner) BETWEEN 1 AND 255),
    id          uuid        NOT NULL,
    title       text        NOT NULL CHECK (char_length(title) BETWEEN 1 AND 200),
    description text        CHECK (char_length(description) <= 1000),
    completed   boolean     NOT NULL DEFAULT false,
    version     bigint      NOT NULL DEFAULT 1 CHECK (version >= 1),
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, id)
);
