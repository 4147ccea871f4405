import { isRecord, itemsOf, recordAt, textAt } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import type { EngineClient } from "../../engine/client.ts";
import { isOrphan, ownLabel } from "../../engine/owner.ts";
import type { EngineWriter } from "../../engine/write-client.ts";
import type { Loosened } from "../attribution.ts";
import type { Looser, Probe, ProbeTarget } from "../probe.ts";
import type { Provable } from "../subject/subject.ts";
import { hostNamespacesBody, openBody, sacrificeBody, twinBody } from "./bodies.ts";
import { useInPlace } from "./in-place.ts";
import { loosened } from "./loosen.ts";
import { type ProofContext, startTestContainer, type TestContainer, takeAway } from "./test-container.ts";

/** The containers of one proof, made when they are needed and made anew where an experiment ended one. */
export interface ProofContainers {
  subject(): Promise<Result<TestContainer>>;
  looser(kind: Looser): Promise<Result<TestContainer>>;
  /** The running container itself, entered as `--in-place` enters it. */
  present(): Promise<Result<TestContainer>>;
  /** A twin that lacks these controls, the same one for whoever asks again. */
  readonly loosened: Loosened;
  dismiss(): Promise<void>;
}

/** How often a container that ended is made anew. */
const mostLives = 5;

export function openContainers(
  subject: Provable,
  {
    inPlace,
    signal,
    probes,
  }: { readonly inPlace: boolean; readonly signal: AbortSignal; readonly probes: readonly Probe[] },
  context: ProofContext,
): ProofContainers {
  const common = { image: subject.twin.image, label: [labelName, ownLabel()] as const };
  const twin = { ...subject.twin, ...common };
  let closeInPlace = () => {};
  const makers = {
    subject: async (): Promise<Result<TestContainer>> =>
      inPlace
        ? await makers.present()
        : await startTestContainer(twinBody(twin), "subject", context, sacrificeBody(twin)),
    present: async (): Promise<Result<TestContainer>> => {
      const current = await useInPlace(subject, context);
      if (current.ok) closeInPlace = current.value.close;
      return current;
    },
    open: () => startTestContainer(openBody(common), "looser", context),
    hostNamespaces: async () => {
      const made = await startTestContainer(hostNamespacesBody(common, subject.socket), "looser", context);
      // Where the Engine's socket is elsewhere, its mount is refused; the namespaces are shown all the same.
      return made.ok
        ? made
        : await startTestContainer(hostNamespacesBody(common, undefined), "looser", context);
    },
  };
  const lives = new Map<keyof typeof makers, number>();
  const current = new Map<keyof typeof makers, Promise<Result<TestContainer> | undefined>>();

  async function next(
    who: keyof typeof makers,
    now: Result<TestContainer> | undefined,
  ): Promise<Result<TestContainer>> {
    const life = lives.get(who) ?? 0;
    if (now && (!now.ok || now.value.alive() || life >= mostLives)) return now;
    if (signal.aborted) return failed("it was interrupted");
    if (now?.ok && who !== "present" && !(who === "subject" && inPlace))
      await takeAway(now.value.id, context);
    lives.set(who, life + 1);
    return await makers[who]();
  }
  /** One after the other for each, so that two who ask at once get the same container. */
  function present(who: keyof typeof makers): Promise<Result<TestContainer>> {
    const made = (current.get(who) ?? Promise.resolve(undefined)).then((now) => next(who, now));
    current.set(who, made);
    return made;
  }

  const loose = new Map<string, Promise<Result<ProbeTarget>>>();
  const loosenedOnce: Loosened = async (controls) => {
    const request = loosened(twin, controls, subject.socket);
    if (signal.aborted) return failed("it was interrupted");
    const made = await startTestContainer(twinBody(request), "subject", context, sacrificeBody(request));
    return made.ok ? ok(made.value.target) : made;
  };

  // Side by side: each takes the Engine some hundred milliseconds.
  for (const who of ["subject", ...loosersOf(probes)] as const) void present(who);
  return {
    subject: () => present("subject"),
    looser: (kind) => present(kind),
    present: () => present("present"),
    loosened(controls) {
      const key = controls.toSorted().join();
      const made = loose.get(key) ?? loosenedOnce(controls);
      loose.set(key, made);
      return made;
    },
    async dismiss() {
      await Promise.all(loose.values());
      await Promise.all(current.values());
      closeInPlace();
      await Promise.all([...context.made].map((container) => takeAway(container, context)));
    },
  };
}

function loosersOf(probes: readonly Probe[]): readonly Looser[] {
  const needed = new Set(probes.map(({ looser }) => looser));
  return [...needed];
}

/** The label that marks prove's throw-away containers. */
export const labelName = "bulkhead.prove";

/** Seconds after which a container of another machine's proof is taken for forgotten: no proof takes so long. */
const forgotten = 15 * 60;

/**
 * Takes away what a proof that was killed left behind: containers with bulkhead's label whose maker is gone. `now` is in
 * seconds since 1970. Gives how many. What cannot be taken away now is tried again at the next start.
 */
export async function sweep(reader: EngineClient, writer: EngineWriter, now: number): Promise<number> {
  const filters = encodeURIComponent(JSON.stringify({ label: [labelName] }));
  const list = await reader.get(`/containers/json?all=1&filters=${filters}`);
  if (!list.ok) return 0;
  let gone = 0;
  for (const each of itemsOf(list.value).filter(isRecord)) {
    const label = recordAt(each, "Labels")[labelName];
    const id = textAt(each, "Id");
    const created = typeof each.Created === "number" ? each.Created : now;
    if (typeof label !== "string" || id === undefined) continue;
    if (!(isOrphan(label) ?? now - created > forgotten)) continue;
    const removed = await writer.delete(`/containers/${id}?force=1&v=1`);
    if (removed.ok) gone += 1;
  }
  return gone;
}
