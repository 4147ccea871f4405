import type { Route } from "../routes/route.ts";
import { judgeCreate } from "./container-create.ts";
import type { Judge } from "./judge.ts";

const nothingMore: Judge = () => ({});

/** Who judges which route, by its method and path as the table of routes has them. */
const judges: Readonly<Record<string, Judge>> = {
  "POST /containers/create": judgeCreate,
};

/** The route's judge; one whose names are all there is to judge has none of its own. */
export function judgeOf({ method, path }: Route): Judge {
  return judges[`${method} ${path}`] ?? nothingMore;
}
