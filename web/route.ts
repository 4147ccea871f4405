import { useEffect, useState } from "preact/hooks";

/** What the address shows: `#/findings?severity=high` is the path `["findings"]` and its query. */
export interface Route {
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

/** What a fragment shows: `#/hosts/a%2Fb?q=x`. A part that is not well encoded stays as it is. */
export function routeOf(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const decode = (part: string) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  };
  return {
    path: path
      .split("/")
      .filter((part) => part !== "")
      .map(decode),
    query: new URLSearchParams(query),
  };
}

const current = () => routeOf(location.hash);

export function useRoute(): Route {
  const [route, setRoute] = useState(current);
  useEffect(() => {
    const follow = () => setRoute(current());
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return route;
}

/** The address of a page: `href(["hosts", id], { severity: "high" })`. Empty values are left out. */
export function href(
  path: readonly string[],
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const said = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [[name, value]],
  );
  const search = new URLSearchParams(said).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${search === "" ? "" : `?${search}`}`;
}

/** Puts filters into the address without a step in the history for each letter that is typed. */
export function replaceRoute(
  path: readonly string[],
  query: Readonly<Record<string, string | undefined>>,
): void {
  history.replaceState(null, "", href(path, query));
  dispatchEvent(new HashChangeEvent("hashchange"));
}

/** Gives a page that is opened by a link the focus, which would otherwise be lost with the page before. */
export function useFocus(): void {
  useEffect(() => {
    let path = current().path.join("/");
    const follow = () => {
      const to = current().path.join("/");
      if (to !== path) document.getElementById("main")?.focus({ preventScroll: true });
      path = to;
    };
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
}

/** Milliseconds after the last scroll until the place is kept: browsers allow few changes of an entry of the history. */
const settled = 150;
/** Milliseconds for a page that somebody came back to until its lists are there. */
const patience = 5_000;

/**
 * Brings back where a page was scrolled to, on the way back, forward and after a reload; a page that a link opens starts at its
 * top. The browser would do so before the lists are there.
 */
export function keepScroll(): void {
  history.scrollRestoration = "manual";
  let wanted: number | undefined;
  let settling: ReturnType<typeof setTimeout> | undefined;
  let waiting: ReturnType<typeof setTimeout> | undefined;

  function keep(): void {
    clearTimeout(settling);
    if (wanted === undefined && scrollY !== kept()) history.replaceState({ y: scrollY }, "");
  }

  function give(): void {
    if (wanted === undefined) return;
    scrollTo(0, wanted);
    if (scrollY >= wanted - 1) wanted = undefined;
  }

  function want(y: number): void {
    wanted = y;
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      wanted = undefined;
    }, patience);
    give();
  }

  addEventListener("scroll", () => {
    clearTimeout(settling);
    settling = setTimeout(keep, settled);
  });
  addEventListener("click", keep, { capture: true });
  addEventListener("popstate", () => want(kept()));
  // Anyone who scrolls by hand meanwhile knows better.
  for (const byHand of ["wheel", "touchmove", "keydown", "pointerdown"])
    addEventListener(byHand, () => {
      wanted = undefined;
    });
  new ResizeObserver(give).observe(document.body);
  want(kept());
}

function kept(): number {
  const { state } = history as { state: { y?: unknown } | null };
  return typeof state?.y === "number" ? state.y : 0;
}
