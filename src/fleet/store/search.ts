import { type RawBuilder, sql } from "kysely";

/** Holds where one of these columns contains the text, in capital or small letters. */
export function contains(text: string, columns: readonly string[]): RawBuilder<boolean> {
  const like = likeContaining(text);
  const each = columns.map((column) => sql`lower(${sql.ref(column)}) like ${like} escape '\\'`);
  return sql<boolean>`(${sql.join(each, sql` or `)})`;
}

/** A text as a pattern of LIKE that stands for itself, with `escape '\\'`. */
export function likeText(text: string): string {
  return text.replace(/[\\%_]/g, "\\$&");
}

/** The pattern of LIKE, with `escape '\\'`, for what contains the text; small letters alone. */
export function likeContaining(text: string): string {
  return `%${likeText(text.toLowerCase())}%`;
}
