import { join, resolve } from "node:path";
import type { Benchmark } from "../../audit/benchmark/benchmark.ts";
import { cis } from "../../audit/benchmark/cis/cis.ts";
import { diskFiles } from "../../audit/inputs/disk-files.ts";
import { type Labels, labelsOf } from "../../base/labels.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { visible } from "../../base/visible.ts";
import { controls, findControl } from "../../controls/registry.ts";
import { chooseEndpoint } from "../../engine/connect/choose.ts";
import type { ConnectOptions, Endpoint } from "../../engine/connect/endpoint.ts";
import { needsOfReference } from "../../fix/plan/kinds.ts";
import {
  type FleetOptions,
  isLoopback,
  isPostgresUrl,
  type KnownNeeds,
  type ListenOptions,
  mailServer,
  type OwnHost,
  parseListenAddress,
  proxiesOf,
  startFleet,
} from "../../fleet/serve.ts";
import { redactSource } from "../../report/secrets/redact.ts";
import { isMailAddress } from "../../watch/outputs/mail.ts";
import { type AuditSettings, loadConfig } from "../audit/settings.ts";
import { complain } from "../common/complain.ts";
import { engineTarget, identify } from "../common/engine-target.ts";
import { liveRules } from "../common/live-rules.ts";
import { composeOf, declaredHere } from "../common/own-commands/declared-here.ts";
import { whyNotAllowed } from "../common/own-commands/own-command.ts";
import { version } from "../common/version.ts";
import { readSecret } from "../watch/secrets.ts";
import type { ServeOptions } from "./options.ts";
import { providerOptions } from "./provider.ts";
import { storeOf } from "./store.ts";

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
  const mail = mailOf(options);
  if (!mail.ok) return complain(mail.reason);
  const loaded = await loadConfig(options, diskFiles());
  if (!loaded.ok) return 2;
  const connect = engineTarget(options);
  const endpoint = chooseEndpoint(connect);
  if (!endpoint.ok) return complain(endpoint.reason);
  return await serve({
    options,
    listen: listen.value,
    labels: labels.value,
    mail: mail.value,
    settings: loaded.value,
    connect,
    endpoint: endpoint.value,
  });
}

interface Job {
  readonly options: ServeOptions;
  readonly listen: ListenOptions;
  readonly labels: Labels;
  readonly mail: FleetOptions["mail"];
  readonly settings: AuditSettings;
  readonly connect: ConnectOptions;
  readonly endpoint: Endpoint;
}

async function serve(job: Job): Promise<number> {
  const { options, listen, mail } = job;
  const ended = new Promise<void>((end) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => end());
  });
  const say = (text: string) => void process.stderr.write(`bulkhead: ${visible(redactSource(text))}\n`);
  const provider = providerOptions(options);
  if (!provider.ok) return complain(provider.reason);
  const store = storeOf(options);
  if (!store.ok) return complain(store.reason);
  const enrolToken = enrolTokenOf(options);
  if (!enrolToken.ok) return complain(enrolToken.reason);
  const fleet = await startFleet({
    page: join(typeof __dirname === "string" ? __dirname : "dist", "web"),
    store: store.value,
    ...{ listen, mail, version, say, provider: provider.value, enrolToken: enrolToken.value },
    titleOf: (control) => findControl(control)?.title ?? "",
    areaOf: (control) => findControl(control)?.row ?? "",
    needsOf: knownNeeds,
    benchmarks: [watchedOnly(cis)],
    async candidateOf(yaml) {
      // The guard's checks are loaded only if somebody tries a policy.
      const { readCandidate } = await import("./candidate.ts");
      return readCandidate(yaml);
    },
    own: options.watch ? ownHost(job, say) : undefined,
  });
  if (!fleet.ok) return complain(fleet.reason);
  say(`the page is at ${fleet.value.url}; findings are kept in ${shownStore(store.value.place)}`);
  // On standard output and not in the log: anyone who has it becomes the administrator.
  if (fleet.value.firstLink !== undefined) {
    process.stdout.write(
      `Open this link to make the first administrator. It works once, until tomorrow:\n\n  ${fleet.value.firstLink}\n\n`,
    );
  }
  process.on("SIGHUP", () => {
    const read = fleet.value.readCertificate();
    say(read.ok ? "the certificate was read again" : `the old certificate stays: ${read.reason}`);
  });
  await ended;
  await fleet.value.close();
  return 0;
}

function ownHost(
  { options, labels, settings, connect, endpoint }: Job,
  say: (text: string) => void,
): FleetOptions["own"] {
  const host = {
    ...{ ...identify(endpoint), engine: endpoint.address, version, labels },
    allows: options.allow,
  };
  const watch: OwnHost = {
    connect,
    places: { proc: options.proc, cgroup: options.cgroup },
    rules: liveRules(options, settings),
    guardLogs: settings.config.watch?.guardLogs ?? [],
    jobs:
      options.allow.length === 0
        ? undefined
        : async (watching, changed) => {
            // Loaded only if something is allowed.
            const { openJobsHere } = await import("./jobs-here.ts");
            return openJobsHere(options, {
              running: () =>
                watching()
                  .containers()
                  .flatMap((each) => (each.running ? [each.name] : [])),
              compose: (name) => composeOf(watching(), name),
              ...{ changed, say },
            });
          },
    declared: declaredHere,
  };
  return { host, watch };
}

/** The mail server for notifications. Its password stands in a file: who lists processes reads arguments. */
function mailOf({ smtp, smtpPasswordFile, mailFrom }: ServeOptions): Result<FleetOptions["mail"]> {
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
  return ok({ url: url.value, password: password.value, from: mailFrom });
}

/** The token with which hosts enrol at this `serve`. */
function enrolTokenOf({ enrolTokenFile: file }: ServeOptions): Result<string | undefined> {
  if (file === undefined) return ok(undefined);
  const token = readSecret({ file: resolve(file) });
  if (!token.ok) return failed(`--enrol-token-file: ${token.reason}`);
  return /^[\w-]{20,200}$/.test(token.value)
    ? token
    : failed(
        `--enrol-token-file: ${file} has to hold 20 to 200 letters, digits, _ and -: openssl rand -hex 32 makes such a token`,
      );
}

function shownStore(place: string): string {
  if (!isPostgresUrl(place)) return place;
  const { host, pathname } = new URL(place);
  return `PostgreSQL at ${host}${pathname}`;
}

function listenOptions({ listen, url, proxy, tlsCert, tlsKey }: ServeOptions): Result<ListenOptions> {
  const proxies = proxiesOf(proxy);
  if (!proxies.ok) return failed(`--proxy: ${proxies.reason}`);
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
  return ok({ address: address.value, url, tls, proxies: proxies.value });
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
function knownNeeds(image: string): KnownNeeds | undefined {
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
