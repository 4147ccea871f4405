import { readEnvironment, readHealthcheck } from "../formats/create-request/config.ts";
import { documentAt, field, stringFact } from "../formats/create-request/json.ts";
import { type Image, image } from "../model/image.ts";

/**
 * An image as `GET /images/NAME/json` shows it, as configured. Origins point into that document.
 *
 * @see https://docs.docker.com/reference/api/engine/version/v1.45/#tag/Image/operation/ImageInspect
 */
export function imageFromInspect(document: unknown): Image {
  const config = field(documentAt(document, ""), "Config");
  return image("configured", {
    user: stringFact(field(config, "User")),
    healthcheck: readHealthcheck(config),
    environment: readEnvironment(config),
  });
}
