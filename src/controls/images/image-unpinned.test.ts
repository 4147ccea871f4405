import { compose, dockerfile, inspect, run, testControl, view } from "../../../test/support/control-table.ts";
import { image } from "../../model/image.ts";
import { imageUnpinned } from "./image-unpinned.ts";

const digest = `sha256:${"0".repeat(64)}`;

testControl(imageUnpinned, {
  fails: [
    run("docker run nginx", { message: /uses nginx without a tag/ }),
    run("docker run nginx:latest", { message: /nginx:latest, whose tag names no version/ }),
    run("docker run registry.example:5000/team/app"),
    run("docker run nginx:stable"),
    run("docker run nginx:mainline-alpine", { message: /names no version/ }),
    run("docker run python:slim"),
    compose("services: { web: { image: 'php:fpm-alpine' } }"),
    compose("services: { web: { image: nginx } }"),
    dockerfile("FROM debian"),
    dockerfile("FROM node AS build\nFROM debian:12\nCOPY --from=build /a /a", {
      message: /uses node without/,
    }),
    dockerfile("FROM debian:12\nCOPY --from=nginx:latest /etc/nginx /etc/nginx"),
  ],
  passes: [
    run("docker run nginx:1.27"),
    run("docker run nginx:1-alpine"),
    run("docker run debian:bookworm-20260101"),
    run(`docker run nginx@${digest}`),
    run(`docker run nginx:latest@${digest}`),
    run(`docker run ${digest}`),
    compose("services: { web: { image: 'registry.example:5000/team/app:2' } }"),
    dockerfile("FROM debian:12 AS build\nFROM build\nRUN true"),
    dockerfile("FROM scratch"),
  ],
  unknown: [dockerfile("ARG TAG\nFROM debian:$TAG"), run('docker run "nginx:$TAG"')],
  notApplicable: [
    compose("services: { web: { build: . } }"),
    compose("services: { web: { build: ., image: web } }"),
    inspect({ Config: { Image: "nginx" } }),
    view("an image of the Engine's", image("configured")),
  ],
});
