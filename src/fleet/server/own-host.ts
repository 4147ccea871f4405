import type { DeclaredFiles } from "../../watch/declared/declared.ts";
import { startWatch, type Watch, type WatchRequest } from "../../watch/watch.ts";
import { openGuards } from "../agent/guards.ts";
import { portraitsOf } from "../agent/portrait/portraits.ts";
import type { HostJobs } from "../protocol/job.ts";
import { openFindings } from "../store/hosts/hosts.ts";
import { type FeedOptions, openFeed } from "./feed.ts";
import type { Service } from "./service.ts";

/** How the Engine of this host is watched. */
export interface OwnHost extends Pick<WatchRequest, "connect" | "places" | "rules"> {
  readonly guardLogs: readonly string[];
  /** What operators may start here; undefined for nothing. `changed`: there is something to tell. */
  readonly jobs: ((watch: () => Watch, changed: () => void) => Promise<HostJobs>) | undefined;
  /** Adds what Compose files of this machine declare. */
  readonly declared: (changed: () => void) => DeclaredFiles;
}

/** Watches the Engine of this host in this process. */
export async function watchHere(host: FeedOptions["host"], own: OwnHost, service: Service) {
  const { database, news, areaOf, say } = service;
  const { connect, places, rules, guardLogs } = own;
  const guards =
    guardLogs.length === 0 ? undefined : openGuards({ logs: guardLogs, changed: () => feed.looked(), say });
  const jobs = await own.jobs?.(
    () => watch,
    () => feed.looked(),
  );
  const feed = openFeed({ database, news, host, areaOf, guards, jobs, say });
  const remembered = await openFindings(database, host.id);
  const portraits = portraitsOf({ connect, places, rules, taken: (taken) => feed.portrait(taken), say });
  const watch = startWatch(
    {
      ...{ connect, places, rules, guardLogs, remembered },
      minimum: "info",
      pacing: { interval: undefined, random: Math.random },
      cooldown: 10_000,
      kernelEvents: true,
      foreign: true,
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
  const declared = own.declared(() => feed.looked());
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
