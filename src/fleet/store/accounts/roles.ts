/** What an account may do. Each may all that the one before it may. The page uses it, too, so it stands apart from the database. */
export const roles = ["viewer", "operator", "administrator"] as const;
export type Role = (typeof roles)[number];

/** What an API token may do, as far as its account may. `metrics` is for `/metrics` alone. */
export const tokenScopes = ["read", "operate", "administer", "metrics"] as const;
export type TokenScope = (typeof tokenScopes)[number];
