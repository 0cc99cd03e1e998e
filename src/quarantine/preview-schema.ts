import { z } from 'zod';

/** What comes from the thread that read hostile bytes. */
export const previewSchema = z.strictObject({
  headers: z.array(z.strictObject({ name: z.string(), value: z.string() })).readonly(),
  text: z.string(),
  truncated: z.boolean(),
  parts: z
    .array(z.strictObject({ name: z.string(), type: z.string(), bytes: z.int(), sha256: z.string() }))
    .readonly(),
});
