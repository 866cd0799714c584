import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

import { test } from "./limited.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

test("what the package expects of its modules is what was built", () => {
  const tsc = here("../node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [tsc, "-p", here("types")], {
    stdio: "inherit",
  });
});
