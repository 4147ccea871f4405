import { join, resolve } from "node:path";
import type { Benchmark } from "../../audit/benchmark/benchmark.ts";
import { cis } from "../../audit/benchmark/cis/cis.ts";
import { diskFiles } from "../../audit/inputs/disk-files.ts";
import { type Labels, labelsOf } from "../../base/labels.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { stateFolder } from "../../base/state-folder.ts";
import { visible } from "../../base/visible.ts";
import { controls, findControl } from "../../controls/registry.ts";
import { chooseEndpoint } from "../../engine/connect/choose.ts";
import type { ConnectOptions, Endpoint } from "../../engine/connect/endpoint.ts";
import { needsOfReference } from "../../fix/plan/known-needs.ts";
import { openGuards } from "../../fleet/agent/guards/guards.ts";
import { openFeed } from "../../fleet/server/feed.ts";
import { readPage } from "../../fleet/server/http/page.ts";
import { openFleetNews } from "../../fleet/server/news.ts";
import { mailServer, openMailer } from "../../fleet/server/notify/mail.ts";
import {
  firstLink,
  isLoopback,
  type ListenOptions,
  parseListenAddress,
  startServer,
} from "../../fleet/server/server.ts";
import type { Service } from "../../fleet/server/service.ts";
import { openPasswords } from "../../fleet/server/sign-in/passwords.ts";
import { openProvider } from "../../fleet/server/sign-in/provider.ts";
import { hashToken } from "../../fleet/server/sign-in/tokens.ts";
import { ownTitles } from "../../fleet/store/findings/own-findings.ts";
import { openFindings } from "../../fleet/store/hosts/hosts.ts";
import { allowEnrolment } from "../../fleet/store/hosts/reports.ts";
import { type FleetDatabase, openFleet } from "../../fleet/store/open.ts";
import { isPostgresUrl } from "../../fleet/store/postgres.ts";
import { redactSource } from "../../report/secrets/redact.ts";
import { isMailAddress } from "../../watch/outputs/mail.ts";
import type { Mailer } from "../../watch/outputs/send/send.ts";
import { startWatch } from "../../watch/watch.ts";
import { loadConfig, type Settings } from "../audit/settings.ts";
import { complain } from "../common/complain.ts";
import { engineTarget, identify } from "../common/engine-target.ts";
import { liveRules } from "../common/live-rules.ts";
import { composeOf, declaredHere } from "../common/own-commands/declared-here.ts";
import { whyNotAllowed } from "../common/own-commands/job-kind.ts";
import { portraitsOf } from "../common/portraits.ts";
import { version } from "../common/version.ts";
import { readSecret } from "../watch/secrets.ts";
import type { ServeOptions } from "./options.ts";
import { providerOptions } from "./provider.ts";

const day = 86_400_000;

/** `bulkhead serve`. Answers the exit status: 0 when it was told to end, 2 for wrong use. */
export async function runServe(options: ServeOptions): Promise<number> {
  const listen = listenOptions(options);
  if (!listen.ok) return complain(listen.reason);
  const labels = labelsOf(options.label);
  if (!labels.ok) return complain(`--label: ${labels.reason}`);
  if (!options.watch && options.label.length > 0)
    return complain("--label is of the host that is watched here: --no-watch watches none");
  if (!options.watch && options.allow.length > 0)
    return complain("--allow is for the host that is watched here: --no-watch watches none");
  const unallowed = whyNotAllowed(options.allow);
  if (unallowed !== undefined) return complain(unallowed);
  const mailer = mailerOf(options);
  if (!mailer.ok) return complain(mailer.reason);
  const loaded = await loadConfig(options, diskFiles());
  if (!loaded.ok) return 2;
  const connect = engineTarget(options);
  const endpoint = chooseEndpoint(connect);
  if (!endpoint.ok) return complain(endpoint.reason);
  return await serve({
    options,
    listen: listen.value,
    labels: labels.value,
    mailer: mailer.value,
    settings: loaded.value,
    connect,
    endpoint: endpoint.value,
  });
}

interface Job {
  readonly options: ServeOptions;
  readonly listen: ListenOptions;
  readonly labels: Labels;
  readonly mailer: Mailer | undefined;
  readonly settings: Settings;
  readonly connect: ConnectOptions;
  readonly endpoint: Endpoint;
}

async function serve({ options, listen, labels, mailer, settings, connect, endpoint }: Job): Promise<number> {
  const told = new Promise<void>((end) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => end());
  });
  const say = (text: string) => void process.stderr.write(`bulkhead: ${visible(redactSource(text))}\n`);
  const page = readPage(join(typeof __dirname === "string" ? __dirname : "dist", "web"));
  if (!page.ok) return complain(page.reason);
  const passwords = await openPasswords();
  if (!passwords.ok) return complain(passwords.reason);
  const provider = providerOptions(options);
  if (!provider.ok) return complain(provider.reason);
  const store = storeOf(options);
  if (!store.ok) return complain(store.reason);
  const database = await openFleet(store.value.place, store.value.password);
  if (!database.ok) return complain(database.reason);
  const allowed = await allowByFile(database.value, options.enrolTokenFile);
  if (!allowed.ok) {
    await database.value.destroy();
    return complain(allowed.reason);
  }
  const news = openFleetNews(database.value, store.value);
  const service = {
    database: database.value,
    passwords: passwords.value,
    provider: provider.value && (await openProvider({ ...provider.value, say })),
    news,
    version,
    isSecure: listen.tls !== undefined || listen.url?.protocol === "https:",
    titleOf: (control: string) => findControl(control)?.title ?? ownTitles[control] ?? "",
    areaOf: (control: string) => findControl(control)?.row ?? "",
    needsOf: knownNeeds,
    mailer,
    ownHost: options.watch ? identify(endpoint).id : undefined,
    benchmarks: [watchedOnly(cis)],
    async candidateOf(yaml: string) {
      // The guard's checks are loaded only by who tries a policy.
      const { readCandidate } = await import("./candidate.ts");
      return readCandidate(yaml);
    },
    say,
  };
  const server = await startServer(service, page.value, listen);
  if (!server.ok) {
    await news.close();
    await database.value.destroy();
    return complain(server.reason);
  }
  const watched = options.watch
    ? await watchHere({ options, labels, settings, connect, endpoint, service })
    : undefined;
  say(`the page is at ${server.value.url}; findings are kept in ${shownStore(store.value.place)}`);
  const link = await firstLink(service, server.value.url);
  // On standard output, and not in the log: whoever has it becomes the administrator.
  if (link !== undefined) {
    process.stdout.write(
      `Open this link to make the first administrator. It works once, until tomorrow:\n\n  ${link}\n\n`,
    );
  }
  await told;
  await watched?.close();
  await server.value.close();
  await news.close();
  await database.value.destroy();
  return 0;
}

type Watching = Pick<Job, "options" | "labels" | "settings" | "connect" | "endpoint"> & {
  readonly service: Service;
};

/** Watches the Engine of this host in this process. */
async function watchHere({ options, labels, settings, connect, endpoint, service }: Watching) {
  const { database, news, areaOf, say } = service;
  const host = {
    ...{ ...identify(endpoint), engine: endpoint.address, version, labels },
    allows: options.allow,
  };
  const guardLogs = settings.config.watch?.guardLogs ?? [];
  const guards =
    guardLogs.length === 0 ? undefined : openGuards({ logs: guardLogs, changed: () => feed.looked(), say });
  const running = () => watch.containers().flatMap((each) => (each.running ? [each.name] : []));
  const jobs =
    options.allow.length === 0
      ? undefined
      : // Loaded only by who allows it.
        (await import("./jobs-here.ts")).openJobsHere(options, {
          running,
          compose: (name) => composeOf(watch, name),
          changed: () => feed.looked(),
          say,
        });
  const feed = openFeed({ database, news, host, areaOf, guards, jobs, say });
  const remembered = await openFindings(database, host.id);
  const places = { proc: options.proc, cgroup: options.cgroup };
  const rules = liveRules(options, settings);
  const portraits = portraitsOf({ connect, places, rules, taken: (taken) => feed.portrait(taken), say });
  const watch = startWatch(
    {
      connect,
      places,
      rules,
      minimum: "info",
      pacing: { interval: undefined, random: Math.random },
      cooldown: 10_000,
      kernelEvents: true,
      foreign: true,
      guardLogs,
      remembered,
    },
    {
      changes(changes) {
        feed.changes(changes);
        portraits.changes(changes);
      },
      ready() {
        feed.looked();
        portraits.ready();
      },
      lost(reason) {
        say(`${reason}; trying again until it answers`);
        feed.looked();
      },
      say,
      event: () => {},
      scanned(what) {
        if (what !== "part") feed.looked();
      },
    },
  );
  const declared = declaredHere(() => feed.looked());
  feed.begin(declared.beside(watch));
  return {
    async close() {
      await portraits.close();
      await jobs?.close();
      await declared.close();
      await watch.close();
      await feed.close();
    },
  };
}

/** The mail server for notifications. Its password stands in a file: who lists processes reads arguments. */
function mailerOf({ smtp, smtpPasswordFile, mailFrom }: ServeOptions): Result<Mailer | undefined> {
  if (smtp === undefined) {
    return smtpPasswordFile === undefined && mailFrom === undefined
      ? ok(undefined)
      : failed("--smtp-password-file and --mail-from belong to --smtp");
  }
  const url = mailServer(smtp);
  if (!url.ok) return failed(`--smtp: ${url.reason}`);
  if (mailFrom === undefined || !isMailAddress(mailFrom))
    return failed("--smtp needs --mail-from, the sender of mails: bulkhead@example.org");
  if ((url.value.username === "") !== (smtpPasswordFile === undefined))
    return failed("a user in --smtp and --smtp-password-file belong together: give both, or neither");
  const password =
    smtpPasswordFile === undefined ? ok(undefined) : readSecret({ file: resolve(smtpPasswordFile) });
  if (!password.ok) return failed(`--smtp-password-file: ${password.reason}`);
  return ok(openMailer({ url: url.value, password: password.value, from: mailFrom }));
}

/** Lets hosts enrol by a token that this `serve` was started with, for a year from each start. */
async function allowByFile(database: FleetDatabase, file: string | undefined): Promise<Result<void>> {
  if (file === undefined) return ok(undefined);
  const token = readSecret({ file: resolve(file) });
  if (!token.ok) return failed(`--enrol-token-file: ${token.reason}`);
  if (!/^[\w-]{20,200}$/.test(token.value)) {
    return failed(
      `--enrol-token-file: ${file} has to hold 20 to 200 letters, digits, _ and -: openssl rand -hex 32 makes such a token`,
    );
  }
  const expires = Date.now() + 365 * day;
  await allowEnrolment(database, { token: hashToken(token.value), author: "--enrol-token-file", expires });
  return ok(undefined);
}

/** Where findings are kept. The password of PostgreSQL stands in a file, or in PGPASSWORD: who lists processes reads arguments. */
function storeOf({
  store,
  storePasswordFile,
}: ServeOptions): Result<{ readonly place: string; readonly password: string | undefined }> {
  if (storePasswordFile !== undefined && (store === undefined || !isPostgresUrl(store))) {
    return failed("--store-password-file belongs to --store postgres://…");
  }
  if (store === undefined) return ok({ place: join(stateFolder(), "serve.db"), password: undefined });
  if (!isPostgresUrl(store)) return ok({ place: resolve(store), password: undefined });
  if (storePasswordFile === undefined) return ok({ place: store, password: undefined });
  const password = readSecret({ file: resolve(storePasswordFile) });
  return password.ok ? ok({ place: store, password: password.value }) : failed(password.reason);
}

function shownStore(place: string): string {
  if (!isPostgresUrl(place)) return place;
  const { host, pathname } = new URL(place);
  return `PostgreSQL at ${host}${pathname}`;
}

function listenOptions({ listen, url, tlsCert, tlsKey }: ServeOptions): Result<ListenOptions> {
  const address = parseListenAddress(listen);
  if (!address.ok) return address;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    return failed("--tls-cert and --tls-key belong together: give both, or neither");
  }
  const tls =
    tlsCert === undefined || tlsKey === undefined
      ? undefined
      : { certificate: resolve(tlsCert), key: resolve(tlsKey) };
  if (!isLoopback(address.value) && !tls && url?.protocol !== "https:") {
    return failed(
      `${listen} can be reached from other machines, and passwords would cross the network in the clear: give --tls-cert and --tls-key, or --url https://… where a proxy speaks HTTPS`,
    );
  }
  return ok({ address: address.value, url, tls });
}

/** A benchmark's controls that a watch judges too: only they have findings that a page can lead to. */
function watchedOnly(benchmark: Benchmark): Benchmark {
  const watched = new Set(controls.map(({ id }) => id));
  return {
    ...benchmark,
    sections: benchmark.sections.map((section) => ({
      ...section,
      recommendations: section.recommendations.map((each) => ({
        ...each,
        controls: each.controls.filter((control) => watched.has(control)),
      })),
    })),
  };
}

/** As the page shows it. Of a base image nothing says what the program in it needs. */
function knownNeeds(image: string): ReturnType<Service["needsOf"]> {
  const needs = needsOfReference(image);
  if (!needs || needs.bare) return undefined;
  const { user, capabilities, writablePaths, persistentPaths, ports, knownFrom } = needs;
  const copy = (list: readonly string[] | undefined) => (list === undefined ? null : [...list]);
  return {
    user: user?.name ?? null,
    requires: user?.requires ?? null,
    capabilities: copy(capabilities),
    writablePaths: copy(writablePaths),
    persistentPaths: copy(persistentPaths),
    ports: ports === undefined ? null : ports.map(({ port, protocol }) => `${port}/${protocol}`),
    source: knownFrom ?? null,
  };
}
