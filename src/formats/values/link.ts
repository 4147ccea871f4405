/** The container that a link names: of `db`, `db:alias`, and `/db:/web/alias` as inspect shows it. */
export function linkedContainer(link: string): string {
  return (link.split(":")[0] ?? link).replace(/^\//, "");
}
