-- The same table as in migrations/postgres. SQLite compares text by bytes already; `length` counts characters.
CREATE TABLE tasks (
    owner       TEXT    NOT NULL CHECK (length(owner) BETWEEN 1 AND 255),
    id          BLOB    NOT NULL CHECK (length(id) = 16),
    title       TEXT    NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    description TEXT    CHECK (length(description) <= 1000),
    completed   BOOLEAN NOT NULL DEFAULT FALSE,
    version     INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
    created_at  TEXT    NOT NULL,
    updated_at  TEXT    NOT NULL,
    PRIMARY KEY (owner, id)
) WITHOUT ROWID;
