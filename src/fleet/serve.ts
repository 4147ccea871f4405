import { existsSync } from "node:fs";
import { failed, ok, type Result } from "../base/result.ts";
import type { FeedOptions } from "./server/feed.ts";
import { openReadiness } from "./server/http/health.ts";
import { readPage } from "./server/http/page.ts";
import { openFleetNews } from "./server/news.ts";
import { type MailOptions, openMailer } from "./server/notify/mail.ts";
import { type OwnHost, watchHere } from "./server/own-host.ts";
import { firstLink, type ListenOptions, startServer } from "./server/server.ts";
import type { Service } from "./server/service.ts";
import { hashToken, makeReset, newToken, openHashTurns, openPasswords } from "./server/sign-in/passwords.ts";
import { openProvider, type ProviderOptions } from "./server/sign-in/provider.ts";
import { accountNamed } from "./store/accounts/accounts.ts";
import { addToken } from "./store/accounts/api-tokens.ts";
import { appendAudit } from "./store/accounts/audit-log.ts";
import { onTheServer } from "./store/accounts/invitations.ts";
import type { TokenScope } from "./store/accounts/roles.ts";
import { whyDatabase } from "./store/database.ts";
import { claimFile } from "./store/file.ts";
import { ownTitles } from "./store/findings/own-findings.ts";
import { allowEnrolment } from "./store/hosts/enrolments.ts";
import { type FleetDatabase, openFleet } from "./store/open.ts";
import { isPostgresUrl } from "./store/postgres.ts";

// The door of the fleet for `bulkhead serve`.

export { proxiesOf } from "./server/http/address.ts";
export { mailServer } from "./server/notify/mail.ts";
export type { OwnHost } from "./server/own-host.ts";
export { isLoopback, type ListenOptions, parseListenAddress } from "./server/server.ts";
export type { CandidatePolicy, KnownNeeds } from "./server/service.ts";
export type { ProviderOptions } from "./server/sign-in/provider.ts";
export { type Role, roles, type TokenScope, tokenScopes } from "./store/accounts/roles.ts";
export { backUpFile, restoreFile } from "./store/file.ts";
export { isPostgresUrl } from "./store/postgres.ts";

type Knowledge = Pick<
  Service,
  "version" | "titleOf" | "areaOf" | "needsOf" | "benchmarks" | "candidateOf" | "say"
>;

export interface FleetOptions extends Knowledge {
  /** A path or `postgres://…`. */
  readonly store: { readonly place: string; readonly password: string | undefined };
  /** The folder of the page's files. */
  readonly page: string;
  readonly listen: ListenOptions;
  readonly provider: Omit<ProviderOptions, "say"> | undefined;
  readonly mail: MailOptions | undefined;
  /** Hosts enrol with it for a year from each start. */
  readonly enrolToken: string | undefined;
  /** The host of this process and its watch; undefined if it watches nothing. */
  readonly own: { readonly host: FeedOptions["host"]; readonly watch: OwnHost } | undefined;
}

export interface Fleet {
  /** Where the page is. */
  readonly url: string;
  /** Makes the first administrator; undefined if somebody has an account. A secret. */
  readonly firstLink: string | undefined;
  /** Reads the certificate and its key again. A reason says why the old ones stay. */
  readCertificate(): Result<void>;
  close(): Promise<void>;
}

const year = 365 * 86_400_000;

/** Opens the store, serves the page and the API, and watches this host. A reason says what is missing or wrong. */
export async function startFleet(options: FleetOptions): Promise<Result<Fleet>> {
  const { store, listen, enrolToken, mail, own, say } = options;
  const page = readPage(options.page);
  if (!page.ok) return page;
  const passwords = await openPasswords();
  if (!passwords.ok) return passwords;
  const claim = isPostgresUrl(store.place) ? ok(undefined) : await claimFile(store.place);
  if (!claim.ok) return claim;
  const opened = await openFleet(store.place, store.password);
  if (!opened.ok) {
    claim.value?.release();
    return opened;
  }
  const database = opened.value;
  if (enrolToken !== undefined) {
    const token = hashToken(enrolToken);
    await allowEnrolment(database, {
      token,
      author: { name: "--enrol-token-file", id: null },
      expires: Date.now() + year,
    });
  }
  const news = openFleetNews(database, store);
  const service: Service = {
    ...options,
    ...{ database, news, passwords: passwords.value, turns: openHashTurns(), ownHost: own?.host.id },
    provider: options.provider && (await openProvider({ ...options.provider, say })),
    isSecure: listen.tls !== undefined || listen.url?.protocol === "https:",
    proxies: listen.proxies,
    whyNotReady: openReadiness(database, store.place),
    refused: { signIns: 0, reports: 0 },
    titleOf: (control) => ownTitles[control] ?? options.titleOf(control),
    mailer: mail && openMailer(mail),
  };
  const server = await startServer(service, page.value, listen);
  if (!server.ok) {
    await news.close();
    await database.destroy();
    claim.value?.release();
    return failed(server.reason);
  }
  const watched = own && (await watchHere(own.host, own.watch, service));
  return ok({
    url: server.value.url,
    firstLink: await firstLink(service, server.value.url),
    readCertificate: server.value.readCertificate,
    async close() {
      await watched?.close();
      await server.value.close();
      await news.close();
      await database.destroy();
      claim.value?.release();
    },
  });
}

/** The token of a link that gives an account a new password: `#/join/TOKEN`. A reason says that there is no such account. */
export async function resetPassword(
  store: FleetOptions["store"],
  name: string,
): Promise<Result<{ readonly token: string; readonly expires: number }>> {
  return await inStore(store, async (database) => {
    const made = await makeReset(database, { name }, onTheServer);
    if (!made) return failed(`no account with a password is named ${name}`);
    const detail = { account: name };
    await appendAudit(database, {
      ...{ who: onTheServer.name, what: "password reset offered", detail, now: Date.now() },
    });
    return ok(made);
  });
}

/** An API token of an account: it may do what its scopes say, and no more than the account's role. */
export async function makeToken(
  store: FleetOptions["store"],
  { account: name, token: title, scopes, days }: AskedToken,
): Promise<Result<string>> {
  return await inStore(store, async (database) => {
    const account = await accountNamed(database, name);
    if (!account) return failed(`no account with a password is named ${name}`);
    const token = newToken();
    const created = Date.now();
    const expires = created + days * 86_400_000;
    await addToken(database, {
      ...{ token: hashToken(token), account: account.id, name: title, scopes, created, expires },
    });
    const detail = { token: title, account: name, scopes, days };
    await appendAudit(database, { who: onTheServer.name, what: "token made", detail, now: created });
    return ok(token);
  });
}

export interface AskedToken {
  /** The account's name. */
  readonly account: string;
  /** What the token is called. */
  readonly token: string;
  readonly scopes: readonly TokenScope[];
  readonly days: number;
}

async function inStore<T>(
  { place, password }: FleetOptions["store"],
  use: (database: FleetDatabase) => Promise<Result<T>>,
): Promise<Result<T>> {
  // To open one makes it: a wrong path must not leave an empty database.
  if (!isPostgresUrl(place) && !existsSync(place)) return failed(`there is no database at ${place}`);
  const opened = await openFleet(place, password);
  if (!opened.ok) return opened;
  try {
    return await use(opened.value);
  } catch (error) {
    return failed(`the database cannot be used: ${whyDatabase(error)}`);
  } finally {
    await opened.value.destroy();
  }
}
