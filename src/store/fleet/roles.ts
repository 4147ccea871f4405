/** What an account may do. Each may all that the one before it may. The page uses it, too, so it stands apart from the database. */
export const roles = ["viewer", "operator", "administrator"] as const;
export type Role = (typeof roles)[number];
