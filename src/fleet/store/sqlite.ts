import type { Database } from "better-sqlite3";
import { type Dialect, SqliteDialect } from "kysely";

/**
 * kysely's dialect for a file. On some errors, such as a full disk, SQLite rolls back by itself. A second rollback then fails, and
 * its error would hide the first.
 *
 * @see https://www.sqlite.org/lang_transaction.html#response_to_errors_within_a_transaction
 */
export function fileDialect(database: Database): Dialect {
  const dialect = new SqliteDialect({ database });
  return {
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (own) => dialect.createIntrospector(own),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createDriver() {
      const driver = dialect.createDriver();
      const rollBack = driver.rollbackTransaction.bind(driver);
      driver.rollbackTransaction = async (connection) => {
        if (database.inTransaction) await rollBack(connection);
      };
      return driver;
    },
  };
}
