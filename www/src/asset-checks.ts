/** Checks of where the caller says that assets come from. Each throws `invalid-option`, naming the option. */

import { MODEL_NAMES } from "./assets.js";
import type { AssetsOption } from "./assets.js";
import { baseOfPage } from "./asset-urls.js";
import { checkNames, invalidOption } from "./option-checks.js";

const ASSETS = ["baseUrl", "session", "inference", "relay", "models"];

/** Where assets come from: an address, or sources by name. */
export function checkAssets(assets: AssetsOption | undefined): void {
  if (typeof assets === "string" || assets instanceof URL)
    return checkAddress("assets", assets);
  const { models, ...others } = checkNames(assets, ASSETS, "assets");
  const files = checkNames(models, MODEL_NAMES, "assets.models");
  for (const [name, source] of Object.entries(others))
    checkAddress(`assets.${name}`, source);
  for (const [name, source] of Object.entries(files))
    checkAddress(`assets.models.${name}`, source);
}

/** A text that is an address; what is no text is not looked at. */
export function checkAddress(option: string, value: unknown): void {
  if (typeof value !== "string") return;
  try {
    new URL(value, baseOfPage());
  } catch {
    throw invalidOption(option, "an address", value);
  }
}
