import { limited } from "../www/test/limited.mjs";

/** A test that builds a site with somebody else's bundler and opens it needs a minute on a busy machine. */
export const test = limited(300_000);
