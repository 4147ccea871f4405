import { useState } from "preact/hooks";
import type { Answer } from "../api.ts";
import { useAnswer } from "../live.ts";
import { Choice, Counts, riskOf, Scroll, Severity, Title, When } from "../parts/parts.tsx";
import { useSince } from "../parts/since.tsx";
import { href } from "../route.ts";

const sorts = [
  ["name", "by name"],
  ["worst", "worst first"],
  ["most", "most containers first"],
] as const;
type Sort = (typeof sorts)[number][0];

type Image = Answer<"/images">["images"][number];

const sorted: Readonly<Record<Sort, (one: Image, other: Image) => number>> = {
  name: (one, other) => one.image.localeCompare(other.image),
  worst: (one, other) => riskOf(other.bySeverity) - riskOf(one.bySeverity),
  most: (one, other) => other.containers - one.containers,
};

/** The images that containers are made from. */
export function ImagesPage() {
  const { field, times, isAnyTime } = useSince();
  const images = useAnswer("/images", [], times);
  const [sort, setSort] = useState<Sort>("name");
  return (
    <>
      <Title of="Images" />
      <div class="filters">
        {field}
        <Choice label="Sort" of={sorts} value={sort} set={setSort} />
      </div>
      <When is={images}>
        {({ images: list }) => (
          <section class="card">
            {list.length === 0 && (
              <p class="dim">
                {isAnyTime ? "No container was read yet." : "Nothing changed in a container in this time."}
              </p>
            )}
            <ul class="rows">
              {list.toSorted(sorted[sort]).map(({ image, containers, running, hosts, bySeverity }) => (
                <li key={image}>
                  <div>
                    <a href={href(["images", image])}>{image}</a>
                    <div class="dim">
                      {containers} {containers === 1 ? "container" : "containers"}, {running} running, on{" "}
                      {hosts} {hosts === 1 ? "host" : "hosts"}
                    </div>
                    <Counts of={bySeverity} query={{ image, verdict: "fail" }} />
                  </div>
                </li>
              ))}
            </ul>
          </section>
        )}
      </When>
    </>
  );
}

/** An image: who runs it, what is open there, and what it is known to need. */
export function ImagePage({ image }: { readonly image: string }) {
  const detail = useAnswer("/images/:image", [image]);
  return (
    <When is={detail}>
      {(value) => (
        <>
          <Title of={value.image} />
          <p>
            <Counts of={value.bySeverity} query={{ image, verdict: "fail" }} />
          </p>
          <div class="columns">
            <section class="card">
              <h2>Open in its containers</h2>
              {value.controls.length === 0 && <p class="dim">Nothing is open here.</p>}
              <ul class="rows">
                {value.controls.map(({ control, title, severity, findings }) => (
                  <li key={control}>
                    <Severity of={severity} />
                    <div>
                      <a href={href(["findings"], { image, control })}>{title || control}</a>{" "}
                      <span class="dim">{findings === 1 ? "once" : `${findings} times`}</span>
                    </div>
                  </li>
                ))}
              </ul>
            </section>
            <section class="card">
              <h2>What it is known to need</h2>
              <Needs of={value.needs} />
            </section>
          </div>
          <section class="card">
            <h2>Who runs it</h2>
            <Scroll name="Who runs it">
              <table class="containers">
                <thead>
                  <tr>
                    <th scope="col">Container</th>
                    <th scope="col">Host</th>
                    <th scope="col">Project</th>
                    <th scope="col">State</th>
                  </tr>
                </thead>
                <tbody>
                  {value.containers.map(({ host, hostName, name, project, running }) => (
                    <tr key={`${host} ${name}`}>
                      <th scope="row">
                        <a href={href(["hosts", host, name])}>{name}</a>
                      </th>
                      <td>
                        <a href={href(["hosts", host])}>{hostName}</a>
                      </td>
                      <td>{project}</td>
                      <td>{running ? "running" : "not running"}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
          </section>
        </>
      )}
    </When>
  );
}

function Needs({ of }: { readonly of: Answer<"/images/:image">["needs"] }) {
  if (of === null) {
    return (
      <p class="dim">
        Nothing is known of this image. <code>bulkhead learn</code> watches a container of it and finds out.
      </p>
    );
  }
  const told = (list: readonly string[] | null) =>
    list === null ? "not known" : list.length === 0 ? "none" : list.join(", ");
  return (
    <>
      <dl>
        <dt>User</dt>
        <dd>
          {of.user ?? "not known"}
          {of.requires !== null && <span class="dim"> ({of.requires})</span>}
        </dd>
        <dt>Capabilities</dt>
        <dd>{told(of.capabilities)}</dd>
        <dt>Folders that it writes</dt>
        <dd>{told(of.writablePaths)}</dd>
        <dt>Folders with data that must stay</dt>
        <dd>{told(of.persistentPaths)}</dd>
        <dt>Ports</dt>
        <dd>{told(of.ports)}</dd>
      </dl>
      {of.source !== null && /^https?:/.test(of.source) && (
        <p class="dim">
          From{" "}
          <a href={of.source} rel="noreferrer">
            {of.source}
          </a>
        </p>
      )}
    </>
  );
}
