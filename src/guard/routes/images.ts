import { platform as platformShape } from "../shapes/image.ts";
import { filters, flag, number, text, texts, unread } from "./params.ts";
import type { QueryParam, Route } from "./route.ts";

/** As JSON here, where container-create, image-create and build have `linux/arm64`. */
const platform = { kind: "json", shape: platformShape } as const satisfies QueryParam;
const platforms = { kind: "json", shape: platformShape, many: true } as const satisfies QueryParam;

const none = { kind: "none" } as const;

/**
 * `GET /images/{name}/attestations` came with API 1.55, which is beyond this table.
 *
 * @see https://github.com/moby/moby/blob/v28.5.2/api/server/router/image/image.go
 */
export const imageRoutes: readonly Route[] = [
  {
    id: "image-list",
    method: "GET",
    path: "/images/json",
    group: "read",
    // docker-py's only_ids and the digests of the documentation are read by no Engine
    query: {
      all: flag,
      filters,
      filter: { kind: "ignored", until: 40 },
      "shared-size": flag,
      manifests: flag,
      identity: flag,
      digests: unread,
      only_ids: unread,
    },
    body: none,
    response: "json",
  },
  {
    id: "image-search",
    method: "GET",
    path: "/images/search",
    group: "judged",
    query: { term: text, limit: number, filters },
    body: none,
    response: "json",
    headers: ["x-registry-auth"],
  },
  {
    id: "image-save-many",
    method: "GET",
    path: "/images/get",
    group: "secretRead",
    query: { names: texts, platform: platforms },
    body: none,
    response: "stream",
  },
  {
    id: "image-save",
    method: "GET",
    path: "/images/{image}/get",
    group: "secretRead",
    query: { platform: platforms },
    body: none,
    response: "stream",
  },
  {
    id: "image-history",
    method: "GET",
    path: "/images/{image}/history",
    group: "read",
    query: { platform },
    body: none,
    response: "json",
  },
  {
    id: "image-inspect",
    method: "GET",
    path: "/images/{image}/json",
    group: "read",
    query: { manifests: flag, platform },
    body: none,
    response: "json",
  },
  {
    id: "image-load",
    method: "POST",
    path: "/images/load",
    group: "judged",
    query: { quiet: flag, platform: platforms },
    body: { kind: "tar" },
    response: "stream",
  },
  {
    // a pull with fromImage, an import with fromSrc
    id: "image-create",
    method: "POST",
    path: "/images/create",
    group: "judged",
    query: {
      fromImage: text,
      fromSrc: text,
      repo: text,
      tag: text,
      message: text,
      changes: texts,
      platform: text,
    },
    body: { kind: "tar" },
    response: "stream",
    headers: ["x-registry-auth"],
  },
  {
    id: "image-push",
    method: "POST",
    path: "/images/{image}/push",
    group: "judged",
    query: { tag: text, platform },
    body: none,
    response: "stream",
    headers: ["x-registry-auth"],
  },
  {
    id: "image-tag",
    method: "POST",
    path: "/images/{image}/tag",
    group: "judged",
    // docker-py's force is read by no Engine since 1.12
    query: { repo: text, tag: text, force: unread },
    body: none,
    response: "none",
  },
  {
    id: "image-prune",
    method: "POST",
    path: "/images/prune",
    group: "lifecycle",
    query: { filters },
    body: none,
    response: "json",
  },
  {
    id: "image-delete",
    method: "DELETE",
    path: "/images/{image}",
    group: "lifecycle",
    query: { force: flag, noprune: flag, platforms },
    body: none,
    response: "json",
  },
  {
    id: "distribution-inspect",
    method: "GET",
    path: "/distribution/{image}/json",
    group: "judged",
    query: {},
    body: none,
    response: "json",
    headers: ["x-registry-auth"],
  },
];
