import { expect, test } from "vitest";
import { dockerfile, testControl, view } from "../../../test/support/control-table.ts";
import { imageFromDockerfile } from "../../../test/support/subjects.ts";
import { set, unresolved } from "../../model/fact.ts";
import { image } from "../../model/image.ts";
import { bareContext } from "../control.ts";
import { imageRootUser } from "./image-root-user.ts";

testControl(imageRootUser, {
  fails: [
    dockerfile("FROM debian:12", { message: /^has no USER: its base debian:12 starts as root, and every/ }),
    dockerfile("FROM registry.example/base:1", { message: /base:1 is not known to set one, and every/ }),
    dockerfile("FROM scratch", { message: /^has no USER: every container/ }),
    dockerfile("FROM node:22\nUSER node\nUSER root", { message: /ends with USER root/ }),
    dockerfile("FROM debian:12\nUSER 0:0"),
    dockerfile("FROM golang:1.23\nRUN go install example.org/tool@v1", {
      severity: "low",
      message: /for building/,
    }),
    dockerfile("FROM golang:1.23\nEXPOSE 8080", { severity: "medium" }),
    dockerfile("FROM debian:12\nRUN apt-get update && apt-get install -y \\\n  libgtk-3-0 \\\n  gimp", {
      severity: "low",
      message: /for the desktop/,
    }),
    dockerfile("FROM debian:12\nENV DISPLAY=:0", { severity: "low" }),
    dockerfile("FROM debian:12 AS build\nUSER 1000\nFROM debian:12\nCOPY --from=build /a /a"),
    view("a base that the Engine has", image("declared", { base: set("web"), baseUser: set("") })),
    view("an image", image("configured")),
    view("an image", image("configured", { user: set("root") })),
  ],
  passes: [
    dockerfile("FROM debian:12\nUSER 1000"),
    dockerfile("FROM debian:12 AS base\nUSER app\nFROM base\nRUN true"),
    dockerfile("FROM gcr.io/distroless/static-debian12:nonroot"),
    dockerfile("FROM jenkins/jenkins:lts"),
    view("a base that the Engine has", image("declared", { base: set("web"), baseUser: set("app") })),
    view("an image", image("configured", { user: set("101") })),
  ],
  unknown: [
    dockerfile("ARG WHO\nFROM debian:12\nARG WHO\nUSER $WHO"),
    view("a base that is a variable", image("declared", { base: unresolved("the ARG BASE has no value") })),
  ],
});

test.each([
  ["FROM registry.example/app", "decision", "USER 1000:1000;"],
  ["FROM node:22", "decision", "USER node."],
  ["FROM postgres:16", "decision", "USER postgres."],
  // As 101 nginx cannot make its temporary folders where the image's root owns them.
  ["FROM nginx:1.27", "manual", "RUN chown -R 101:101 /var/cache/nginx /run and USER 101:101."],
  ["FROM httpd:2.4", "manual", "RUN chown www-data /usr/local/apache2/logs and USER www-data."],
  ["FROM mcr.microsoft.com/windows/servercore:ltsc2022", "manual", "USER ContainerUser"],
  ["FROM mcr.microsoft.com/dotnet/aspnet:8.0-nanoserver-ltsc2022", "manual", "USER ContainerUser"],
  ["FROM caddy:2", "manual", "documentation of caddy:2"],
])("the user that an image can be started as: %s", (text, kind, summary) => {
  const remedy = imageRootUser.remedy.image?.(imageFromDockerfile(text), bareContext("dockerfile"));
  expect(remedy?.kind).toBe(kind);
  expect(remedy?.summary).toContain(summary);
});
