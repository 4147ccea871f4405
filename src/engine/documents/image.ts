import { itemsOf, textAt } from "../../base/json.ts";
import { readEnvironment, readHealthcheck, readWords } from "../../formats/create-request/config.ts";
import { readCredentials } from "../../formats/create-request/credentials.ts";
import { documentAt, entriesFact, field, stringFact } from "../../formats/create-request/json.ts";
import { type Fact, type FactList, set, unseen } from "../../model/fact.ts";
import { type Image, image } from "../../model/image.ts";
import { type FactsReadBy, unseenIn } from "../../model/sight.ts";
import { imageSight } from "./sight.ts";

const unseenFacts = unseenIn<Image>(imageSight);

/**
 * An image as `GET /images/NAME/json` shows it, as configured. Origins point into that document, those of `history`
 * into `GET /images/NAME/history`.
 *
 * @see https://docs.docker.com/reference/api/engine/version/v1.45/#tag/Image/operation/ImageInspect
 */
export function imageFromInspect(document: unknown, history?: unknown): Image {
  const config = field(documentAt(document, ""), "Config");
  const facts: FactsReadBy<typeof imageSight, Image> = {
    user: stringFact(field(config, "User")),
    healthcheck: readHealthcheck(config),
    environment: readEnvironment(config),
    exposedPorts: entriesFact(field(config, "ExposedPorts"), (port, { pointer }) => [set(port, { pointer })]),
    history: historyOf(history),
    entrypoint: readWords(config, "Entrypoint"),
    command: readWords(config, "Cmd"),
    workingDirectories: textItems(stringFact(field(config, "WorkingDir"))),
    credentials: readCredentials(config),
  };
  return image("configured", { ...unseenFacts, ...facts });
}

/** `GET /images/NAME/history`: what made each layer. A layer of another machine's build may say nothing. */
function historyOf(history: unknown): FactList<string> {
  if (history === undefined) return [unseen("the image's history was not read")];
  return itemsOf(history).flatMap((layer, index) => {
    const command = textAt(layer, "CreatedBy") ?? "";
    return command === "" ? [] : [set(command, { pointer: `/history/${index}/CreatedBy` })];
  });
}

function textItems(fact: Fact<string>): FactList<string> {
  return fact.state === "unset" ? [] : [fact];
}
