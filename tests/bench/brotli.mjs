// Sizes of files compressed by brotli as servers that compress once do: node brotli.mjs FILE…. Prints bytes, one line a file.

import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";

const compress = promisify(brotliCompress);

const sizes = process.argv.slice(2).map(async (path) => {
  const bytes = await readFile(path);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
  };
  return (await compress(bytes, { params })).length;
});
for (const size of await Promise.all(sizes)) console.log(size);
