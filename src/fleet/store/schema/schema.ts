import type { ColumnType, Generated } from "kysely";

/**
 * What `bulkhead serve` keeps, for SQLite and PostgreSQL alike: no type is used that only one of them has. Times are
 * milliseconds since 1970, flags are 0 or 1, documents are JSON as text.
 */
export interface FleetSchema {
  readonly host: HostTable;
  readonly container: ContainerTable;
  readonly finding: FindingTable;
  readonly change: ChangeTable;
  readonly account: AccountTable;
  readonly saved_view: SavedViewTable;
  readonly session: SessionTable;
  readonly invitation: InvitationTable;
  readonly attempt: AttemptTable;
  readonly audit_log: AuditLogTable;
  readonly acceptance: AcceptanceTable;
  readonly setting: SettingTable;
  readonly api_token: ApiTokenTable;
  readonly enrolment: EnrolmentTable;
  readonly reporter: ReporterTable;
  readonly portrait: PortraitTable;
  readonly setting_change: SettingChangeTable;
  readonly team: TeamTable;
  readonly team_host: TeamHostTable;
  readonly account_team: AccountTeamTable;
  readonly token_team: TokenTeamTable;
  readonly notification_rule: NotificationRuleTable;
  readonly notification: NotificationTable;
  readonly open_count: OpenCountTable;
  readonly open_subject: OpenSubjectTable;
  readonly day_count: DayCountTable;
  readonly guard: GuardTable;
  readonly decision_count: DecisionCountTable;
  readonly decision: DecisionTable;
  readonly job: JobTable;
  readonly proof: ProofTable;
  readonly assignment: AssignmentTable;
  readonly cis_score: CisScoreTable;
}

/** What the latest proof of a container showed that its host made by itself. */
export interface ProofTable {
  readonly host: string;
  readonly container: string;
  tried: number;
  /** Why the latest attempt gave no result. */
  trouble: string | null;
  /** When `probes` were shown. */
  proven: ColumnType<number | null, number | undefined, number>;
  /** JSON: what it showed. */
  probes: ColumnType<string | null, string | undefined, string>;
}

/** What an operator started on a host. */
export interface JobTable {
  readonly id: Generated<number>;
  readonly host: string;
  readonly container: string;
  /** `prove` or `learn`. */
  readonly kind: string;
  /** How long learn watches. */
  readonly seconds: number | null;
  readonly author: string;
  readonly asked: number;
  /** When the host said that it began. */
  started: number | null;
  ended: number | null;
  /** Why it failed. */
  trouble: string | null;
  /** JSON: what prove showed. */
  probes: string | null;
  /** What learn saw, as a terminal shows it. */
  report: string | null;
}

/** A guard of a host, by its audit log. */
export interface GuardTable {
  readonly host: string;
  readonly log: string;
  /** What it enforces, as the watch told it; null if nothing says it. */
  readonly document: string | null;
  /** When it last showed that it runs; null if nothing says it. */
  readonly seen: number | null;
}

/** How often guards of a host decided alike in an hour. */
export interface DecisionCountTable {
  readonly host: string;
  /** The hour's start. */
  readonly hour: number;
  /** The SHA-256 of what follows, which may be longer than an index takes. */
  readonly kind: string;
  /** The guard that decided, by its audit log. */
  readonly log: string;
  readonly client: string;
  readonly route: string | null;
  readonly verdict: string;
  readonly mode: string;
  /** Ids with spaces. */
  readonly rules: string;
  /** JSON. */
  readonly object: string;
  times: number;
}

/** A decision that was not a plain pass: the latest of each host. */
export interface DecisionTable {
  readonly id: Generated<number>;
  readonly host: string;
  readonly time: number;
  readonly log: string;
  readonly client: string;
  readonly route: string | null;
  readonly verdict: string;
  /** Ids with a space before and after each: ` guard-route memory-limit `. */
  readonly rules: string;
  /** JSON: the decision as the watch told it. */
  readonly document: string;
}

/** Notification rules, and how their last messages went. */
export interface NotificationRuleTable {
  readonly id: Generated<number>;
  readonly name: string;
  /** `changes` or `weekly`. */
  readonly kind: string;
  readonly team: number | null;
  readonly severity: string;
  /** JSON: control ids; `[]`: all. */
  readonly controls: string;
  /** JSON: `["env=prod"]`; `[]`: all hosts. */
  readonly labels: string;
  /** `webhook`, `cloudevents`, `slack`, `discord`, `ntfy`, `mail`, `syslog` or `otlp`. */
  readonly type: string;
  readonly target: string;
  readonly secret: string | null;
  readonly token: string | null;
  /** Of `syslog` alone. */
  readonly facility: string | null;
  readonly author: string;
  readonly created: number;
  due: number;
  failures: number;
  trouble: string | null;
  told: number | null;
  sent: number;
  lost: number;
  /** When counts were last sent, in milliseconds since 1970: of `otlp` alone. */
  measured: number;
  /** 1: nothing is gathered for it and nothing is sent. */
  paused: number;
}

/** A change that waits to be told. */
export interface NotificationTable {
  readonly id: Generated<number>;
  readonly rule: number;
  readonly finding: number;
  readonly host: string;
  /** JSON: the change, as watch tells it. */
  readonly record: string;
}

/** Who sees the hosts that have its labels. */
export interface TeamTable {
  readonly id: Generated<number>;
  name: string;
  /** JSON: `["env=prod"]`. */
  labels: string;
  readonly created: number;
}

/** The hosts of each team, by the labels of both. */
export interface TeamHostTable {
  readonly team: number;
  readonly host: string;
}

export interface AccountTeamTable {
  readonly team: number;
  readonly account: number;
}

export interface TokenTeamTable {
  readonly team: number;
  readonly token: number;
}

/** How many findings are open on a host, of each control, severity and verdict. The database's triggers keep it. */
export interface OpenCountTable {
  readonly host: ColumnType<string, never, never>;
  readonly control: ColumnType<string, never, never>;
  readonly area: ColumnType<string, never, never>;
  readonly severity: ColumnType<string, never, never>;
  readonly weight: ColumnType<number, never, never>;
  readonly verdict: ColumnType<string, never, never>;
  /** 1 for those that an acceptance covers. */
  readonly accepted: ColumnType<number, never, never>;
  readonly findings: ColumnType<number, never, never>;
}

/** Open findings of a subject that are not accepted: how many, and the failures of each severity. Triggers keep it. */
export interface OpenSubjectTable {
  readonly host: ColumnType<string, never, never>;
  readonly subject: ColumnType<string, never, never>;
  readonly findings: ColumnType<number, never, never>;
  readonly info: ColumnType<number, never, never>;
  readonly low: ColumnType<number, never, never>;
  readonly medium: ColumnType<number, never, never>;
  readonly high: ColumnType<number, never, never>;
  readonly critical: ColumnType<number, never, never>;
  /** A critical failure weighs as much as five high ones, and so on down. */
  readonly risk: ColumnType<number, never, never>;
  /** Weight of the worst, and when the newest was opened; of all that are counted in `findings`. */
  readonly worst: ColumnType<number, never, never>;
  readonly newest: ColumnType<number, never, never>;
}

/** How many more failures were open on a host after a day (UTC, days since 1970) than before it. Triggers keep it. */
export interface DayCountTable {
  readonly host: ColumnType<string, never, never>;
  readonly day: ColumnType<number, never, never>;
  readonly severity: ColumnType<string, never, never>;
  readonly net: ColumnType<number, never, never>;
}

/** A token by which hosts enrol until it expires. */
export interface EnrolmentTable {
  readonly id: Generated<number>;
  /** The SHA-256 of what the host is given. */
  readonly token: string;
  /** The name of who made it, and the account's number; null: `--enrol-token-file`. It dies with the account's right to make one. */
  readonly author: string;
  readonly author_id: number | null;
  readonly created: number;
  readonly expires: number;
  /** JSON: labels that its hosts have for good; null: what they tell. */
  readonly labels: ColumnType<string | null, string | null | undefined, string | null>;
}

/** A host that reports from elsewhere. */
export interface ReporterTable {
  readonly host: string;
  /** The SHA-256 of the key that the host made for itself; `own …` for the host that serve watches itself. */
  readonly key: string;
  /** The token by which it enrolled. */
  readonly enrolment: number | null;
  /** The number of the last change, or of the last whole state, that was applied. */
  last: number;
  /** The number of what its guards last told. */
  last_guards: ColumnType<number, number | undefined, number>;
  /** The number of what its own proofs last told. */
  last_proofs: ColumnType<number, number | undefined, number>;
}

/** What a host is set to, and how it meets the benchmark: the latest. */
export interface PortraitTable {
  readonly host: string;
  taken: number;
  document: string;
}

/** A setting of a host's daemon or kernel that is not what it was. */
export interface SettingChangeTable {
  readonly id: Generated<number>;
  readonly host: string;
  readonly time: number;
  readonly group: string;
  readonly name: string;
  /** Null if it was not known, or not there. */
  readonly before: string | null;
  readonly after: string | null;
}

export interface HostTable {
  /** The machine's id (systemd's machine-id, or a random one). */
  readonly id: string;
  /** The machine's name. */
  name: string;
  /** The Engine's address there. */
  engine: string;
  /** The bulkhead that watches it. */
  version: string;
  /** Whether its Engine answers. */
  connected: number;
  /** When it was last heard of. */
  seen: number;
  readonly enrolled: number;
  /** JSON: `{"env":"prod"}`, names in their order: the pinned ones, else those that the host tells. */
  labels: ColumnType<string, string | undefined, string>;
  /** JSON: what the host tells of itself. */
  told_labels: ColumnType<string, string | undefined, string>;
  /** JSON: what an administrator set, whatever the host tells. */
  pinned: ColumnType<string | null, string | null | undefined, string | null>;
  /** JSON: `["prove"]`, what operators may start there. */
  allows: ColumnType<string, string | undefined, string>;
}

export interface ContainerTable {
  readonly host: string;
  readonly name: string;
  image: string | null;
  /** The Compose project, by its label. */
  project: string | null;
  running: number;
}

/** One row for each time that a finding was open. */
export interface FindingTable {
  readonly id: Generated<number>;
  readonly host: string;
  readonly subject: string;
  readonly control: string;
  /** The control's focus area: `2.11`. */
  area: string;
  severity: string;
  /** 0 for info to 4 for critical, to be sorted by. */
  weight: number;
  verdict: string;
  message: string;
  /** A hash of the control and the message: a search looks at each wording once. */
  wording: ColumnType<string, string | undefined, string>;
  fingerprint: string;
  /** The finding as reports print it, with no secret in it. */
  document: string;
  readonly opened: number;
  changed: number;
  /** Null while it is open. */
  resolved: number | null;
  /** The acceptance in force that covers it; null if there is none. */
  acceptance: ColumnType<number | null, number | null | undefined, number | null>;
  /** When it last got worse while it was open: severer, or a failure that was unknown before. */
  worsened: ColumnType<number | null, undefined, number | null>;
  /** Since when its acceptance covers it. */
  accepted: ColumnType<number | null, undefined, number | null>;
}

/** How many recommendations of the CIS Docker Benchmark a host met, and did not, in its last portrait of a day. */
export interface CisScoreTable {
  readonly host: string;
  readonly day: number;
  passed: number;
  failed: number;
}

/** Who looks after an open finding. */
export interface AssignmentTable {
  readonly finding: number;
  assignee: string;
  /** The day by which it is to be done, YYYY-MM-DD. */
  due: string | null;
  comment: string;
  author: string;
  time: number;
}

export interface ChangeTable {
  readonly id: Generated<number>;
  readonly finding: number;
  readonly time: number;
  readonly change: string;
  readonly severity: string;
  readonly verdict: string;
  readonly message: string;
  readonly cause: string;
}

export interface AccountTable {
  readonly id: Generated<number>;
  readonly name: string;
  role: string;
  /** An argon2id hash in PHC form; "" for who signs in by a provider. */
  password: string;
  readonly created: number;
  /** 0: it sees the hosts of its teams alone. */
  sees_all: ColumnType<number, number | undefined, number>;
  /** The provider that signs this account in, and what it calls the person for ever; null for an account with a password. */
  readonly issuer: ColumnType<string | null, string | null | undefined, never>;
  readonly subject: ColumnType<string | null, string | null | undefined, never>;
  /** JSON: what the codes of its authenticator app are checked with; null: a password is enough. */
  second_step: ColumnType<string | null, undefined, string | null>;
}

/** Filters of the list of findings that an account keeps under a name. */
export interface SavedViewTable {
  readonly account: number;
  readonly name: string;
  /** As they stand in the page's address: `severity=high&team=3`. */
  filters: string;
}

export interface SessionTable {
  /** The SHA-256 of what the browser holds. */
  readonly token: string;
  readonly account: number;
  readonly created: number;
  used: number;
  /** The browser, as it names itself, shortened. */
  readonly agent: string;
  /** Where it signed in from. */
  readonly address: string;
}

/** A link that makes one account, or gives one a new password; once. */
export interface InvitationTable {
  readonly id: Generated<number>;
  /** The SHA-256 of what the link holds. */
  readonly token: string;
  /** The account that gets a new password; null: it makes an account. */
  readonly account: ColumnType<number | null, number | null | undefined, never>;
  readonly role: string;
  /** The name of who made it, and the account's number; null: anyone who can start commands on the server. It dies with the account's right to make one. */
  readonly author: string;
  readonly author_id: number | null;
  readonly created: number;
  readonly expires: number;
  /** JSON: the teams of the account that it makes; null: it sees every host. */
  readonly teams: ColumnType<string | null, string | null | undefined, never>;
}

/** Failed sign-ins, by account and by address. */
export interface AttemptTable {
  readonly key: string;
  failures: number;
  /** Nobody may try before. */
  until: number;
}

/** Append-only: each row holds the hash of the row before it. */
export interface AuditLogTable {
  readonly id: ColumnType<number, number, never>;
  readonly time: ColumnType<number, number, never>;
  /** The account's name; `bulkhead` for what no account asked for. */
  readonly who: ColumnType<string, string, never>;
  readonly what: ColumnType<string, string, never>;
  readonly detail: ColumnType<string, string, never>;
  readonly previous: ColumnType<string, string, never>;
  readonly hash: ColumnType<string, string, never>;
}

/** An acceptance has a reason and an end date. It is in force unless it waits for review, was ended, or its day has passed. */
export interface AcceptanceTable {
  readonly id: Generated<number>;
  /** `finding`, `image` or `project`. */
  readonly scope: string;
  /** A control's id, or `*`. */
  readonly control: string;
  /** Of a finding. */
  readonly host: string | null;
  readonly subject: string | null;
  readonly image: string | null;
  readonly project: string | null;
  /** Of an image or a project: it holds on the hosts of this team; null: on every host. */
  readonly team: ColumnType<number | null, number | null | undefined, never>;
  readonly reason: string;
  /** The last day, YYYY-MM-DD, in UTC as in bulkhead.yaml. */
  readonly until: string;
  readonly author: string;
  readonly author_id: number;
  readonly created: number;
  /** Who reviewed it; null if nobody did. */
  reviewer: string | null;
  /** 1 until a second person reviewed it. */
  waits: number;
  /** When somebody ended it before its day. */
  ended: number | null;
}

/** What administrators choose in Settings, by name. */
export interface SettingTable {
  readonly name: string;
  value: string;
}

/** What a program holds instead of a password. */
export interface ApiTokenTable {
  readonly id: Generated<number>;
  /** The SHA-256 of what the program holds. */
  readonly token: string;
  readonly account: number;
  readonly name: string;
  /** Scopes, with commas. */
  readonly scopes: string;
  readonly created: number;
  readonly expires: number;
  /** When it was last used, to the minute. */
  used: number | null;
  /** 0: it sees the hosts of its teams alone, as far as its account sees them. */
  readonly sees_all: ColumnType<number, number | undefined, never>;
}
