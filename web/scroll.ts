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
  // Whoever scrolls by hand meanwhile knows better.
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
