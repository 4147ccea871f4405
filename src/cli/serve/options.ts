import { type Command, InvalidArgumentError, Option } from "commander";
import type { JobKind } from "../../watch/job-kinds.ts";
import { addConfigOptions, addEngineOptions, collect, list } from "../common/common-options.ts";
import { jobKind } from "../common/own-commands/own-command.ts";

/** What `bulkhead serve` takes, as commander gives it. */
export interface ServeOptions {
  readonly listen: string;
  readonly url?: URL;
  readonly proxy: readonly string[];
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly store?: string;
  readonly storePasswordFile?: string;
  readonly watch: boolean;
  readonly enrolTokenFile?: string;
  readonly label: readonly string[];
  readonly allow: readonly JobKind[];
  readonly smtp?: string;
  readonly smtpPasswordFile?: string;
  readonly mailFrom?: string;
  readonly oidcIssuer?: string;
  readonly oidcClientId?: string;
  readonly oidcClientSecretFile?: string;
  readonly oidcScope: string;
  readonly oidcClaim: string;
  readonly oidcRole: readonly string[];
  readonly oidcTeam: readonly string[];
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly config?: string | false;
  readonly host?: string;
  readonly context?: string;
  readonly proc: string;
  readonly cgroup: string;
}

/** Declares the options without loading what they need. */
export function addServeOptions(command: Command): Command {
  command
    .summary("show one host, or many, as a page: what is open, what changed")
    .description(
      "Serve a page of this host: what is open, since when, and what changed. It watches the Engine in the same process, and keeps accounts and findings in a database. The first start prints a link that makes the first administrator.",
    )
    .option("--listen <address>", "where the page is served", "127.0.0.1:7070")
    .addOption(
      new Option(
        "--url <url>",
        "the address that browsers use, if it differs from --listen: https://bulkhead.example.org",
      ).argParser(webAddress),
    )
    .option(
      "--proxy <address>",
      "believe X-Forwarded-For from this proxy: 10.0.0.7, or 10.0.0.0/24 (repeatable)",
      collect,
      [],
    )
    .option("--tls-cert <path>", "serve HTTPS with this certificate (PEM, with its chain)")
    .option("--tls-key <path>", "the certificate's key (PEM)")
    .option(
      "--store <store>",
      "the database: a file, or postgres://user@host/database; by default /var/lib/bulkhead/serve.db, or below ~/.local/state without root",
    )
    .option("--store-password-file <path>", "the file that holds PostgreSQL's password")
    .option(
      "--enrol-token-file <path>",
      "let hosts enrol by the token in this file, as long as it is given; else by tokens from the Settings page",
    )
    .option(
      "--label <name=value>",
      "what this host is, by which teams see it: env=prod (repeatable)",
      collect,
      [],
    )
    .addOption(
      new Option(
        "--allow <command>",
        "let operators start prove, learn, fix or verify for a container of this host; fix and verify show changes and make none (repeatable; default: nothing)",
      )
        .argParser(jobKind)
        .default([], ""),
    )
    .option(
      "--smtp <url>",
      "the mail server for notifications: smtps://user@mail.example.org, or smtp:// for STARTTLS on port 587",
    )
    .option("--smtp-password-file <path>", "the file that holds the mail server's password")
    .option("--mail-from <address>", "the sender of mails: bulkhead@example.org")
    .option(
      "--oidc-issuer <url>",
      "let people sign in by this OpenID Connect provider: https://login.example.org",
    )
    .option("--oidc-client-id <id>", "the client ID that the provider gave to bulkhead")
    .option("--oidc-client-secret-file <path>", "the file that holds the client's secret, if it has one")
    .option(
      "--oidc-role <value=role>",
      "give this role to people with this value in the claim, or to all with *: admins=administrator (repeatable; the highest counts)",
      collect,
      [],
    )
    .option(
      "--oidc-team <value=team>",
      "let people with this value see the hosts of this team, and others none: web-admins=web (repeatable; without it, Settings says who sees what)",
      collect,
      [],
    )
    .option(
      "--oidc-claim <name>",
      "the claim that --oidc-role and --oidc-team read; a.b is b within a",
      "groups",
    )
    .option("--oidc-scope <scopes>", "the scopes to ask for", "openid profile email")
    .option("--no-watch", "do not watch the Engine of this host: show only hosts that report")
    .option("--only <control>", "judge only these controls (repeatable, or with commas)", list, [])
    .option("--skip <control>", "leave these controls out (repeatable, or with commas)", list, []);
  addConfigOptions(command);
  return addEngineOptions(command).addHelpText("after", epilogue);
}

const status = `
Exit status:
  0  done
  2  wrong use, or it could not be done`;

function addStoreOptions(command: Command): Command {
  return command
    .option("--store <store>", "the database, as it was given to bulkhead serve")
    .option("--store-password-file <path>", "the file that holds PostgreSQL's password");
}

/** Declares `bulkhead serve backup`. */
export function addBackupOptions(command: Command): Command {
  return addStoreOptions(
    command
      .summary("copy the database to a file, also while it is written")
      .description(
        "Copy the database of bulkhead serve to a new file, as it is at one moment. bulkhead serve may run meanwhile. To copy the file by hand loses what waits in its WAL.",
      )
      .argument("<file>", "the copy"),
  ).addHelpText(
    "after",
    `
Examples:
  sudo bulkhead serve backup /backup/serve-2027-01-31.db
${status}`,
  );
}

/** Declares `bulkhead serve restore`. */
export function addRestoreOptions(command: Command): Command {
  return addStoreOptions(
    command
      .summary("put a copy of the database back")
      .description(
        "Check a copy that bulkhead serve backup made, and put it in the database's place. What was there is kept beside it. End bulkhead serve first.",
      )
      .argument("<file>", "the copy"),
  ).addHelpText(
    "after",
    `
Examples:
  sudo systemctl stop bulkhead-serve
  sudo bulkhead serve restore /backup/serve-2027-01-31.db
  sudo systemctl start bulkhead-serve
${status}`,
  );
}

/** Declares `bulkhead serve reset-password`. */
export function addResetOptions(command: Command): Command {
  return addStoreOptions(
    command
      .summary("print a link that gives an account a new password")
      .description(
        "Print a link by which somebody sets a new password. It works once, until tomorrow. The account's sessions end when the password is set.",
      )
      .argument("<name>", "the account's name"),
  )
    .addOption(new Option("--url <url>", "the page's address, for the link").argParser(webAddress))
    .addHelpText(
      "after",
      `
Examples:
  sudo bulkhead serve reset-password ada
${status}`,
    );
}

export function addMakeTokenOptions(command: Command): Command {
  return addStoreOptions(
    command
      .summary("make an API token, for bulkhead fleet and other programs")
      .description(
        "Print an API token of an account. It may do what its scopes say, and no more than the account's role. The page's Settings lists and removes it.",
      )
      .argument("<name>", "what the token is called"),
  )
    .requiredOption("--account <name>", "whose token it is")
    .option("--scope <name>", "read, operate, administer or metrics (repeatable, or with commas)", list, [])
    .option("--days <number>", "how long it holds, at most 366", days, 90)
    .addHelpText(
      "after",
      `
Examples:
  sudo bulkhead serve make-token ci --account ada --scope read,operate >token
${status}`,
    );
}

function days(text: string): number {
  const number = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= 366) return number;
  throw new InvalidArgumentError("1 to 366 days are expected.");
}

const epilogue = `
Examples:
  sudo bulkhead serve                       the page of this host, on http://127.0.0.1:7070
  ssh -L 7070:127.0.0.1:7070 server         and look at a server's page from your desk
  bulkhead serve --listen :7070 --tls-cert server.pem --tls-key server.key
                                            for others, by HTTPS
  bulkhead serve --url https://bulkhead.example.org
                                            behind a proxy that speaks HTTPS
  bulkhead serve --no-watch --store postgres://bulkhead@db/bulkhead --store-password-file /run/secrets/db
                                            many hosts, and several of these beside each other

Exit status:
  0  ended by Ctrl-C or SIGTERM
  2  wrong use, or it cannot listen or open its database`;

function webAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !["http:", "https:"].includes(url.protocol) || url.pathname !== "/") {
    throw new InvalidArgumentError("https://bulkhead.example.org is expected, without a path.");
  }
  return url;
}
