// The door of the fleet for its page: types, and lists that the page shows.

export type { Api } from "./server/app.ts";
export { refusalSentence } from "./server/sign-in/refusals.ts";
export { type Role, roles, type TokenScope, tokenScopes } from "./store/accounts/roles.ts";
