/** What happens to one message. `block` refuses it with an error reply, `defer` asks the client to come back. */
export const ACTIONS = ['deliver', 'neutralise', 'block', 'defer'] as const;
export type Action = (typeof ACTIONS)[number];
