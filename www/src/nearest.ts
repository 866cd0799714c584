/** Which name was meant by one that does not exist. */

/** The end of a sentence about an unknown name: the nearest of those that exist, else all of them. */
export function meant(name: string, known: readonly string[]): string {
  const [nearest, distance] = known
    .map((other) => [other, editDistance(plain(name), plain(other))] as const)
    .reduce((a, b) => (b[1] < a[1] ? b : a), ["", Infinity]);
  return distance <= Math.max(1, Math.floor(name.length / 3))
    ? `did you mean "${nearest}"?`
    : `there are: ${known.join(", ")}`;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, "");
}

/** Letters to insert, drop, replace or swap with their neighbour (Damerau–Levenshtein, optimal string alignment). */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, replaced);
      if (i > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j]!, rows[i - 2]![j - 2]! + 1);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
