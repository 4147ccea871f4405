import type { Image } from "../../model/image.ts";
import type { EngineClient } from "../client.ts";
import { imageFromInspect } from "../documents/image.ts";

/** A repository of files may name more images than an Engine is to be asked for. */
const most = 500;

/**
 * What the Engine has of the images that files mention, by the reference as written. An image that it does not have is no
 * gap: nobody said it should.
 */
export async function readMentionedImages(
  client: EngineClient,
  references: readonly string[],
): Promise<ReadonlyMap<string, Image>> {
  const asked = await Promise.all(
    references.slice(0, most).map(async (reference) => {
      const path = reference.split("/").map(encodeURIComponent).join("/");
      const answer = await client.get(`/images/${path}/json`);
      return answer.ok ? ([[reference, imageFromInspect(answer.value)]] as const) : [];
    }),
  );
  return new Map(asked.flat());
}
