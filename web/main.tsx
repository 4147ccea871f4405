import { render } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import type { WhoIAm } from "../src/fleet/server/api/shapes.ts";
import { SignedIn } from "./account.ts";
import { get, Refused, send, signedOut } from "./api.ts";
import { followNews } from "./live.ts";
import { AcceptancesPage } from "./pages/acceptances.tsx";
import { ContainerPage } from "./pages/container.tsx";
import { FindingPage } from "./pages/finding.tsx";
import { FindingsPage } from "./pages/findings.tsx";
import { HostPage, HostsPage } from "./pages/hosts.tsx";
import { ImagePage, ImagesPage } from "./pages/images.tsx";
import { OverviewPage } from "./pages/overview.tsx";
import { HostPoliciesPage, PoliciesPage } from "./pages/policies.tsx";
import { SettingsPage } from "./pages/settings.tsx";
import { JoinPage, SignInPage } from "./pages/sign-in.tsx";
import { href, useFocus, useRoute } from "./route.ts";
import { keepScroll } from "./scroll.ts";
import "./page.css";

function App() {
  const [who, setWho] = useState<WhoIAm>();
  const [trouble, setTrouble] = useState("");
  const route = useRoute();
  useFocus();
  const ask = useCallback(() => {
    get("/session").then(
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
  useEffect(() => (isIn ? followNews() : undefined), [isIn]);
  useEffect(() => {
    if (!isIn) return undefined;
    addEventListener(signedOut, ask);
    return () => removeEventListener(signedOut, ask);
  }, [isIn, ask]);

  if (!who) return <p class="dim pad">{trouble || "Loading…"}</p>;
  const [place = ""] = route.path;
  if (place === "join") return <JoinPage token={route.path[1] ?? ""} done={setWho} />;
  if (!who.account)
    return <SignInPage who={who} refusal={place === "sign-in" ? route.path[1] : undefined} done={setWho} />;
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
          {(
            [
              ["", "Overview"],
              ["findings", "Findings"],
              ["hosts", "Hosts"],
              ["images", "Images"],
              ["acceptances", "Acceptances"],
              ["policies", "Policies"],
              ["settings", "Settings"],
            ] as const
          ).map(([path, name]) => (
            <a
              key={path}
              href={href(path === "" ? [] : [path])}
              aria-current={place === path ? "page" : undefined}
            >
              {name}
            </a>
          ))}
        </nav>
        <span class="who">
          {account.name} <span class="dim">({account.role})</span>{" "}
          <button
            type="button"
            onClick={() => {
              void send("DELETE /session").then(({ next }) => {
                if (next === null) ask();
                else location.assign(next);
              }, ask);
            }}
          >
            Sign out
          </button>
        </span>
      </header>
      <main id="main" tabIndex={-1}>
        {trouble !== "" && (
          <p class="trouble" role="alert">
            {trouble}
          </p>
        )}
        <Page path={route.path} query={route.query} />
      </main>
    </SignedIn.Provider>
  );
}

function Page({ path, query }: { readonly path: readonly string[]; readonly query: URLSearchParams }) {
  const [place, id, name] = path;
  if (place === undefined) return <OverviewPage />;
  if (place === "findings" && id !== undefined) return <FindingPage id={id} />;
  if (place === "findings") return <FindingsPage query={query} />;
  if (place === "hosts" && id !== undefined && name !== undefined)
    return <ContainerPage host={id} name={name} />;
  if (place === "hosts" && id !== undefined) return <HostPage id={id} query={query} />;
  if (place === "hosts") return <HostsPage />;
  if (place === "images" && id !== undefined) return <ImagePage image={id} />;
  if (place === "images") return <ImagesPage />;
  if (place === "acceptances") return <AcceptancesPage />;
  if (place === "policies" && id !== undefined) return <HostPoliciesPage host={id} query={query} />;
  if (place === "policies") return <PoliciesPage query={query} />;
  if (place === "settings") return <SettingsPage />;
  return (
    <p>
      Page not found. <a href={href([])}>Back to the overview</a>
    </p>
  );
}

const root = document.getElementById("app");
if (root) {
  root.textContent = "";
  keepScroll();
  render(<App />, root);
}
