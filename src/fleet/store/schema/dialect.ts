export type Dialect = "sqlite" | "postgres";

/** `ID` numbers rows; `SERIAL` never uses a number again; `NUMBER` holds 64 bits; `HOST` names a host, and goes with it. */
export function inDialect(text: string, dialect: Dialect): string {
  return text.replace(
    /\b(?:ID|SERIAL|NUMBER|HOST|CHANGE_ID|CHANGE_END)\b/g,
    (word) => words[dialect][word] ?? word,
  );
}

const host = "text not null references host (id) on delete cascade";
const words: Readonly<Record<Dialect, Readonly<Record<string, string>>>> = {
  sqlite: {
    ID: "integer primary key",
    SERIAL: "integer primary key autoincrement",
    NUMBER: "integer",
    HOST: host,
    CHANGE_ID: "integer primary key",
    CHANGE_END: ")",
  },
  postgres: {
    ID: "bigserial primary key",
    SERIAL: "bigserial primary key",
    NUMBER: "bigint",
    HOST: host,
    // A partitioned table's key has to have what it is partitioned by (`months.ts`).
    CHANGE_ID: "bigserial",
    CHANGE_END: ", primary key (id, time)) partition by range (time)",
  },
};
