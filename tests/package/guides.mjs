// The code in the package's Markdown files, as they stand in the packed tarball.

import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Endings of what a compiler can check. */
const CODE = ["js", "ts", "tsx", "vue"];

/**
 * The fenced blocks of a Markdown text: `language` and `name` are the two words after the fence, the second of which may
 * be absent; `line` is that of the fence. Blocks in lists are indented, and so are their fences.
 */
export function blocksOf(text) {
  const fence = /^( *)```([a-z]+)(?: (\S+))?[ \t]*\n((?:.*\n)*?)\1```[ \t]*$/gm;
  return [...text.matchAll(fence)].map((match) => {
    const [, indent, language, name, code] = match;
    return {
      language,
      name,
      code: code.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
      line: text.slice(0, match.index).split("\n").length,
    };
  });
}

/** The package's Markdown files, by name without ending, with their blocks. */
export async function readGuides(packageFolder) {
  const names = await readdir(join(packageFolder, "docs"));
  const files = ["README.md", ...names.map((name) => `docs/${name}`)];
  const guides = new Map();
  for (const file of files) {
    const text = await readFile(join(packageFolder, file), "utf8");
    guides.set(file.replace(/^docs\/|\.md$/g, ""), blocksOf(text));
  }
  return guides;
}

/** Writes the blocks that are files into a folder. */
export async function writeFiles(blocks, folder) {
  for (const { name, code } of blocks) {
    if (name) await writeFile(join(folder, name), code);
  }
}

/** Writes all code into a folder a guide, for a compiler: of Vue's files their script. Returns how many files. */
export async function writeForCompiler(guides, folder) {
  let count = 0;
  for (const [guide, blocks] of guides) {
    await mkdir(join(folder, guide));
    for (const { language, name, code, line } of blocks) {
      if (!CODE.includes(language)) continue;
      const isVue = language === "vue";
      const script = isVue
        ? /<script setup lang="ts">\n(.*?)<\/script>/s.exec(code)[1]
        : code;
      const file = isVue ? `${name}.ts` : (name ?? `line-${line}.${language}`);
      await writeFile(join(folder, guide, file), script);
      count += 1;
    }
  }
  return count;
}
