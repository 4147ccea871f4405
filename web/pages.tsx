import type { JSX } from "preact";
import { AcceptancesPage } from "./pages/acceptances.tsx";
import { ContainerPage } from "./pages/container.tsx";
import { ControlPage, FindingPage } from "./pages/finding.tsx";
import { FindingsPage } from "./pages/findings.tsx";
import { HostPage, HostsPage } from "./pages/hosts.tsx";
import { ImagePage, ImagesPage } from "./pages/images.tsx";
import { OverviewPage } from "./pages/overview.tsx";
import { HostPoliciesPage, PoliciesPage } from "./pages/policies.tsx";
import { SettingsPage } from "./pages/settings.tsx";
import { TrendsPage } from "./pages/trends.tsx";
import type { Route } from "./route.ts";

interface Page {
  /** The parts of the address; `:` is any. */
  readonly path: readonly string[];
  /** In the navigation. Undefined: other pages lead there. */
  readonly name?: string;
  /** `filled`: what stands for each `:`. */
  show(filled: readonly string[], query: URLSearchParams): JSX.Element;
}

/** Every page, those of the navigation in its order. */
export const pages: readonly Page[] = [
  { path: [], name: "Overview", show: () => <OverviewPage /> },
  { path: ["trends"], show: (_, query) => <TrendsPage query={query} /> },
  { path: ["findings"], name: "Findings", show: (_, query) => <FindingsPage query={query} /> },
  { path: ["findings", ":"], show: ([id = ""]) => <FindingPage id={id} /> },
  { path: ["controls", ":"], show: ([id = ""]) => <ControlPage id={id} /> },
  { path: ["hosts"], name: "Hosts", show: () => <HostsPage /> },
  { path: ["hosts", ":"], show: ([id = ""], query) => <HostPage id={id} query={query} /> },
  { path: ["hosts", ":", ":"], show: ([host = "", name = ""]) => <ContainerPage host={host} name={name} /> },
  { path: ["images"], name: "Images", show: () => <ImagesPage /> },
  { path: ["images", ":"], show: ([image = ""]) => <ImagePage image={image} /> },
  { path: ["acceptances"], name: "Acceptances", show: () => <AcceptancesPage /> },
  { path: ["policies"], name: "Policies", show: (_, query) => <PoliciesPage query={query} /> },
  { path: ["policies", ":"], show: ([host = ""], query) => <HostPoliciesPage host={host} query={query} /> },
  { path: ["settings"], name: "Settings", show: () => <SettingsPage /> },
];

/** The page of an address; undefined if there is none. */
export function pageOf({ path, query }: Route): JSX.Element | undefined {
  const page = pages.find(
    (each) =>
      each.path.length === path.length &&
      each.path.every((part, index) => part === ":" || part === path[index]),
  );
  return page?.show(
    path.filter((_, index) => page.path[index] === ":"),
    query,
  );
}
