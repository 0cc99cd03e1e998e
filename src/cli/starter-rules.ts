import { join } from 'node:path';

/** The starter rules that come with the product, wherever it was started from. */
export const STARTER_RULES = join(import.meta.dirname, '../../config/rules');
