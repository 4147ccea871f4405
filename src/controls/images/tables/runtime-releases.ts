/** A program that official images are tagged with by its version, and the last day of its security fixes for everyone. */
export interface Runtime {
  readonly title: string;
  /** Its images: the last part of an official repository, or the last parts of another. */
  readonly repositories: readonly string[];
  /** The number's beginning and the last day, YYYY-MM-DD. */
  readonly numbered: readonly (readonly [version: string, until: string])[];
  readonly source: string;
}

function runtime(title: string, repositories: string, source: string, rows: string): Runtime {
  const numbered = rows.split(", ").map((row) => {
    const [version = "", until = ""] = row.split(" ");
    return [version, until] as const;
  });
  return { title, repositories: repositories.split(" "), numbered, source: `https://${source}` };
}

export const runtimes: readonly Runtime[] = [
  runtime(
    "Python",
    "python",
    "devguide.python.org/versions/",
    "2 2020-01-01, 3.4 2019-03-18, 3.5 2020-09-30, 3.6 2021-12-23, 3.7 2023-06-27, 3.8 2024-10-07, 3.9 2025-10-31, 3.10 2026-10-31, 3.11 2027-10-31, 3.12 2028-10-31, 3.13 2029-10-31, 3.14 2030-10-31",
  ),
  runtime(
    "Node.js",
    "node",
    "github.com/nodejs/release#release-schedule",
    "6 2019-04-30, 8 2019-12-31, 9 2018-06-30, 10 2021-04-30, 11 2019-06-01, 12 2022-04-30, 13 2020-06-01, 14 2023-04-30, 15 2021-06-01, 16 2023-09-11, 17 2022-06-01, 18 2025-04-30, 19 2023-06-01, 20 2026-04-30, 21 2024-06-01, 22 2027-04-30, 23 2025-06-01, 24 2028-04-30",
  ),
  runtime(
    "PHP",
    "php",
    "www.php.net/supported-versions.php",
    "5 2018-12-31, 7.0 2019-01-10, 7.1 2019-12-01, 7.2 2020-11-30, 7.3 2021-12-06, 7.4 2022-11-28, 8.0 2023-11-26, 8.1 2025-12-31, 8.2 2026-12-31, 8.3 2027-12-31, 8.4 2028-12-31",
  ),
  runtime(
    "Ruby",
    "ruby",
    "www.ruby-lang.org/en/downloads/branches/",
    "2.4 2020-04-05, 2.5 2021-04-05, 2.6 2022-04-12, 2.7 2023-03-31, 3.0 2024-04-23, 3.1 2025-03-26, 3.2 2026-03-31, 3.3 2027-03-31",
  ),
  runtime(
    "Go",
    "golang",
    "go.dev/doc/devel/release#policy",
    "1.16 2022-03-15, 1.17 2022-08-02, 1.18 2023-02-01, 1.19 2023-08-08, 1.20 2024-02-06, 1.21 2024-08-13, 1.22 2025-02-11, 1.23 2025-08-12, 1.24 2026-02-10",
  ),
  runtime(
    ".NET",
    "dotnet/aspnet dotnet/runtime dotnet/sdk dotnet/runtime-deps",
    "dotnet.microsoft.com/platform/support/policy/dotnet-core",
    "2.1 2021-08-21, 3.1 2022-12-13, 5.0 2022-05-10, 6.0 2024-11-12, 7.0 2024-05-14, 8.0 2026-11-10, 9.0 2026-11-10, 10.0 2028-11-14",
  ),
  runtime(
    "PostgreSQL",
    "postgres",
    "www.postgresql.org/support/versioning/",
    "9 2021-11-11, 10 2022-11-10, 11 2023-11-09, 12 2024-11-21, 13 2025-11-13, 14 2026-11-12, 15 2027-11-11, 16 2028-11-09, 17 2029-11-08",
  ),
  runtime(
    "MySQL",
    "mysql",
    "www.oracle.com/us/assets/lifetime-support-technology-069183.pdf",
    "5.5 2018-12-31, 5.6 2021-02-28, 5.7 2023-10-31, 8.0 2026-04-30, 8.4 2032-04-30",
  ),
  runtime(
    "MariaDB",
    "mariadb",
    "mariadb.org/about/#maintenance-policy",
    "10.2 2022-05-23, 10.3 2023-05-25, 10.4 2024-06-18, 10.5 2025-06-24, 10.6 2026-07-06, 10.11 2028-02-16, 11.4 2029-05-29",
  ),
  runtime(
    "MongoDB",
    "mongo",
    "www.mongodb.com/legal/support-policy/lifecycles",
    "3 2021-04-30, 4.0 2022-04-30, 4.2 2023-04-30, 4.4 2024-02-29, 5.0 2024-10-31, 6.0 2025-07-31, 7.0 2027-08-31",
  ),
  runtime(
    "Elasticsearch",
    "elasticsearch elasticsearch/elasticsearch",
    "www.elastic.co/support/eol",
    "5 2019-03-11, 6 2022-02-10, 7 2026-01-15",
  ),
  runtime(
    "Tomcat",
    "tomcat",
    "tomcat.apache.org/whichversion.html",
    "7 2021-03-31, 8.0 2018-06-30, 8.5 2024-03-31, 9 2027-03-31",
  ),
];

/** Publishers whose images have the versions of what they are named after. */
const official =
  /^(?:library|amd64|arm64v8|arm32v[57]|i386|ppc64le|s390x|bitnami|bitnamilegacy|docker\/library)\//;

/** The program that an official image is, with the last day of its security fixes; undefined where neither is known. */
export function runtimeOf(
  repository: string,
  tag: string,
): { readonly title: string; readonly until: string } | undefined {
  const version = /^v?(\d+(?:\.\d+)*)/.exec(tag)?.[1];
  if (version === undefined) return undefined;
  const isOfficial = official.test(repository);
  const short = repository.slice(repository.lastIndexOf("/") + 1);
  const found = runtimes.find(({ repositories }) =>
    repositories.some((each) =>
      each.includes("/") ? repository.endsWith(each) : isOfficial && each === short,
    ),
  );
  const row = found?.numbered.find(([known]) => version === known || version.startsWith(`${known}.`));
  return found && row && { title: `${found.title} ${row[0]}`, until: row[1] };
}
