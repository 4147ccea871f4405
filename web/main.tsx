import { render } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import { SignedIn } from "./account.ts";
import { type Answer, get, Refused, send, signedOut } from "./api.ts";
import { type Lost, useConnection } from "./connection.ts";
import { followNews } from "./live.ts";
import { JoinPage, SignInPage } from "./pages/sign-in.tsx";
import { pageOf, pages } from "./pages.tsx";
import { Exact } from "./parts/parts.tsx";
import { useVisits } from "./parts/since.tsx";
import { href, keepScroll, useFocus, useRoute } from "./route.ts";
import "./page.css";

function App() {
  const lost = useConnection();
  const [who, setWho] = useState<Answer<"/session">>();
  const [trouble, setTrouble] = useState("");
  const route = useRoute();
  useFocus();
  useEffect(followSlash, []);
  const ask = useCallback(() => {
    get("/session", []).then(
      (answer) => {
        setWho(answer);
        setTrouble("");
      },
      (reason: unknown) => {
        setTrouble(reason instanceof Refused ? reason.message : String(reason));
        setTimeout(ask, 3_000);
      },
    );
  }, []);
  useEffect(ask, [ask]);
  const isIn = who?.account != null;
  useVisits(who?.account?.id);
  useEffect(() => (isIn ? followNews() : undefined), [isIn]);
  useEffect(() => {
    if (!isIn) return undefined;
    addEventListener(signedOut, ask);
    return () => removeEventListener(signedOut, ask);
  }, [isIn, ask]);

  if (!who)
    return (
      <>
        <ConnectionLost is={lost} />
        <p class="dim pad">{trouble || "Loading…"}</p>
      </>
    );
  const [place = ""] = route.path;
  if (place === "join")
    return (
      <>
        <ConnectionLost is={lost} />
        <JoinPage token={route.path[1] ?? ""} done={setWho} />
      </>
    );
  if (!who.account)
    return (
      <>
        <ConnectionLost is={lost} />
        <SignInPage who={who} refusal={place === "sign-in" ? route.path[1] : undefined} done={setWho} />
      </>
    );
  const { account } = who;
  return (
    <SignedIn.Provider value={account}>
      <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
        Skip to the content
      </button>
      <header class="bar">
        <a class="brand" href={href([])}>
          bulkhead
        </a>
        <nav aria-label="Pages">
          {pages.flatMap(({ path, name }) =>
            name === undefined
              ? []
              : [
                  <a
                    key={path[0] ?? ""}
                    href={href(path)}
                    aria-current={place === (path[0] ?? "") ? "page" : undefined}
                  >
                    {name}
                  </a>,
                ],
          )}
        </nav>
        <span class="who">
          {account.name} <span class="dim">({account.role})</span>{" "}
          <button
            type="button"
            onClick={() => {
              void send("DELETE /session", []).then(({ next }) => {
                if (next === null) ask();
                else location.assign(next);
              }, ask);
            }}
          >
            Sign out
          </button>
        </span>
      </header>
      <ConnectionLost is={lost} />
      <main id="main" tabIndex={-1}>
        {trouble !== "" && (
          <p class="trouble" role="alert">
            {trouble}
          </p>
        )}
        {pageOf(route) ?? (
          <p>
            Page not found. <a href={href([])}>Back to the overview</a>
          </p>
        )}
      </main>
    </SignedIn.Provider>
  );
}

/** `/` goes to the search of the page, or to the findings where it has none. */
function followSlash(): () => void {
  const onKey = (event: KeyboardEvent) => {
    const isTyping =
      event.target instanceof Element && event.target.closest("input, textarea, select") !== null;
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
    event.preventDefault();
    const focus = (tries: number) => {
      const search = document.querySelector<HTMLInputElement>('input[type="search"]');
      if (search) search.focus();
      else if (tries > 0) requestAnimationFrame(() => focus(tries - 1));
    };
    if (!document.querySelector('input[type="search"]')) location.hash = href(["findings"]);
    focus(60);
  };
  addEventListener("keydown", onKey);
  return () => removeEventListener("keydown", onKey);
}

/** Stands on every page while the server cannot serve: what is shown is as old as it says. */
function ConnectionLost({ is: lost }: { readonly is: Lost | undefined }) {
  if (!lost) return null;
  return (
    <p class="lost" role="alert">
      {lost.why}. What you see is from <Exact time={lost.since} />. The page tries again by itself.
    </p>
  );
}

const root = document.getElementById("app");
if (root) {
  root.textContent = "";
  keepScroll();
  render(<App />, root);
}
