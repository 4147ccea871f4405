import { expect, test } from "vitest";
import { dockerfile, run, testControl } from "../../../../test/support/control-table.ts";
import { imageEndOfLife } from "../image-end-of-life.ts";
import { imageRegistry } from "../image-registry.ts";
import { imageUnpinned } from "../image-unpinned.ts";
import { distributions, namesVersion } from "./release-names.ts";
import { runtimes } from "./runtime-releases.ts";

const rolling =
  "latest stable oldstable testing unstable sid experimental devel rawhide edge next test prod staging dev nightly main master lts current alpine slim mainline canary tip head snapshot preview";

testControl(imageUnpinned, {
  fails: [
    ...rolling.split(" ").map((tag) => run(`docker run team/app:${tag}`, { message: /names no version/ })),
    ...["sid-slim", "unstable", "testing-slim", "stable-slim", "rc-buggy", "experimental"].map((tag) =>
      dockerfile(`FROM debian:${tag}`, { message: /names no version/ }),
    ),
    ...["devel", "rolling", "latest"].map((tag) => dockerfile(`FROM ubuntu:${tag}`)),
    dockerfile("FROM fedora:rawhide"),
    dockerfile("FROM alpine:edge"),
    // The release of the base is no version of the image.
    run("docker run python:bookworm"),
    run("docker run node:bullseye-slim"),
    run("docker run nginx:stable-alpine3.20"),
    run("docker run team/app:latest-amd64"),
    run("docker run nginx:1.27", { context: { images: { digests: true } }, message: /without a digest/ }),
  ],
  passes: [
    ...distributions.flatMap(({ repositories: [repository = ""], releases }) =>
      releases.flatMap(({ name }) => [
        dockerfile(`FROM ${repository}:${name}`),
        dockerfile(`FROM ${repository}:${name}-slim`),
      ]),
    ),
    dockerfile("FROM debian:12-slim"),
    dockerfile("FROM debian:sid-20260101-slim"),
    dockerfile("FROM docker.io/library/debian:bullseye-slim"),
    dockerfile("FROM buildpack-deps:jammy-curl"),
    run("docker run python:3.12-slim-bookworm"),
    run("docker run team/app:v2"),
    run("docker run team/app:build-17"),
    run("docker run team/app:deadbeef"),
    run("docker run gcr.io/a/b:release-1.2"),
    run(`docker run nginx@sha256:${"0".repeat(64)}`, { context: { images: { digests: true } } }),
  ],
});

const today = { context: { today: "2026-11-29" } };

testControl(imageEndOfLife, {
  fails: [
    dockerfile("FROM debian:buster-slim", { ...today, message: /Debian 10 \(buster\).*2024-06-30/ }),
    dockerfile("FROM debian:9", today),
    dockerfile("FROM alpine:3.12.1", today),
    dockerfile("FROM ubuntu:18.04", today),
    dockerfile("FROM python:3.9-buster", today),
    dockerfile("FROM node:14-alpine3.12 AS a\nFROM debian:13", today),
    run("docker run centos:7", today),
    dockerfile("FROM python:2.7-slim", { ...today, message: /Python 2: .* 2020-01-01/ }),
    dockerfile("FROM python:3.8.1-slim-bookworm", today),
    dockerfile("FROM node:14-alpine", today),
    dockerfile("FROM php:7.4-fpm", today),
    dockerfile("FROM golang:1.19 AS build\nFROM scratch", today),
    dockerfile("FROM mcr.microsoft.com/dotnet/aspnet:6.0", today),
    dockerfile("FROM public.ecr.aws/docker/library/node:16", today),
    run("docker run postgres:9.6", today),
    run("docker run mysql:5.7.44", today),
    run("docker run docker.elastic.co/elasticsearch/elasticsearch:6.8.0", today),
  ],
  passes: [
    dockerfile("FROM debian:trixie", today),
    dockerfile("FROM python:3.12-slim", today),
    dockerfile("FROM python:3", today),
    dockerfile("FROM node:lts", today),
    dockerfile("FROM node:22", today),
    dockerfile("FROM team/node:14", today),
    dockerfile("FROM golang:1.2", today),
    run("docker run postgres:17", today),
    run("docker run mysql:8", today),
    dockerfile("FROM alpine:3.22", today),
    dockerfile("FROM alpine:3.2", { context: { today: "2016-01-01" } }),
    dockerfile("FROM team/app:9", today),
    dockerfile("FROM debian:buster"),
  ],
});

const allowed = { context: { images: { registries: ["ghcr.io/team", "docker.io/library"] } } };

testControl(imageRegistry, {
  fails: [run("docker run ghcr.io/teams/app:1", allowed), dockerfile("FROM quay.io/a/b:1", allowed)],
  passes: [
    run("docker run ghcr.io/team/app:1", allowed),
    dockerfile("FROM debian:12", allowed),
    run("docker run quay.io/a/b:1"),
  ],
});

test("a day of each release is a date, and every row names its source", () => {
  const named = distributions.map(({ releases, source }) => ({
    days: releases.map(({ until }) => until),
    source,
  }));
  const byNumber = [...distributions, ...runtimes].map(({ numbered, source }) => ({
    days: numbered.map(([, until]) => until),
    source,
  }));
  for (const { days, source } of [...named, ...byNumber]) {
    expect(source).toMatch(/^https:/);
    for (const day of days) expect(day).toMatch(/^20\d\d-[01]\d-[0-3]\d$/);
  }
});

test("a tag of any shape is judged", () => {
  for (const tag of ["", "-", "1", "v1", "_", "x".repeat(200)])
    expect(namesVersion("a/b", tag)).toBeTypeOf("boolean");
});
