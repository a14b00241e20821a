#!/usr/bin/python3
"""Writes to an SQLite database for some time, then closes it.

    sqlite_writer.py FILE JOURNAL SECONDS SEED

JOURNAL is SQLite's journal mode, as `wal` or `delete`. Prints the number of rows at the end.
"""

import random
import sqlite3
import sys
import time


def main():
    if len(sys.argv) != 5:
        print(__doc__, file=sys.stderr)
        return 2
    path, journal, seconds, seed = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
    chosen = random.Random(seed)
    database = sqlite3.connect(path, isolation_level=None)
    if database.execute("PRAGMA journal_mode=" + journal).fetchone() != (journal,):
        print("no such journal mode: " + journal, file=sys.stderr)
        return 1
    database.execute("PRAGMA wal_autocheckpoint=100")
    database.execute("CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY, number INTEGER, content BLOB)")
    database.execute("CREATE INDEX IF NOT EXISTS item_number ON item (number)")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        database.execute("BEGIN IMMEDIATE")
        for _ in range(chosen.randrange(1, 40)):
            number = chosen.randrange(5000)
            kind = chosen.random()
            if kind < 0.6:
                content = chosen.randbytes(chosen.randrange(1500))
                database.execute("INSERT INTO item (number, content) VALUES (?, ?)", (number, content))
            elif kind < 0.8:
                database.execute("UPDATE item SET number = number + 1 WHERE number = ?", (number,))
            else:
                database.execute("DELETE FROM item WHERE number = ?", (number,))
        database.execute("COMMIT" if chosen.random() < 0.9 else "ROLLBACK")
    print(database.execute("SELECT count(*) FROM item").fetchone()[0])
    database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
