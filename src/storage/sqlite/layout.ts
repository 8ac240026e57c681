/** How records stand in the file. A change of it is a new version, and a way to it from the one before. */
export const layoutVersion = 1;

/**
 * A deleted record keeps its row without a value, so that a watch that was interrupted gets to know of it. `forgotten` has the
 * highest revision of those that were dropped.
 */
export const layout = `
  CREATE TABLE records (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT CHECK (value IS NULL OR json_valid(value)),
    revision INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX records_by_revision ON records (revision);
  CREATE INDEX records_deleted ON records (revision) WHERE value IS NULL;
  CREATE TABLE forgotten (revision INTEGER NOT NULL) STRICT;
  INSERT INTO forgotten (revision) VALUES (0);
`;

/** A node that is started while the one before it ends waits so long for the file. */
export const lockWaitMs = 2000;
