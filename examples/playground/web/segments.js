// Text in pieces of which each is the caller's or the model's, and stays so when
// the text is edited.

// A piece is { text, by }, with by "typed" or "model".

export const joined = (pieces) => pieces.map((p) => p.text).join("");

// part returns the pieces between two offsets.
function part(pieces, from, to) {
  const found = [];
  let at = 0;
  for (const p of pieces) {
    const text = p.text.slice(Math.max(0, from - at), Math.max(0, to - at));
    if (text) found.push({ text, by: p.by });
    at += p.text.length;
  }
  return found;
}

// append adds text, to the last piece where that is by the same.
export function append(pieces, text, by) {
  if (!text) return pieces;
  const last = pieces.at(-1);
  if (last?.by === by) return [...pieces.slice(0, -1), { text: last.text + text, by }];
  return [...pieces, { text, by }];
}

// inside reports whether an offset stands inside of a character that is two units
// of a string, such as an emoji.
const inside = (text, at) => /^[\ud800-\udbff][\udc00-\udfff]/.test(text.slice(at - 1, at + 1));

// edited returns the pieces of the text next: what it has in common with the old
// text at its beginning and its end stays whose it was, and what is new between
// them was typed.
export function edited(pieces, next) {
  const old = joined(pieces);
  const most = Math.min(old.length, next.length);
  let before = 0;
  while (before < most && old[before] === next[before]) before++;
  if (inside(old, before) || inside(next, before)) before--;
  let behind = 0;
  while (behind < most - before && old[old.length - 1 - behind] === next[next.length - 1 - behind]) behind++;
  if (inside(old, old.length - behind) || inside(next, next.length - behind)) behind--;
  let made = append(part(pieces, 0, before), next.slice(before, next.length - behind), "typed");
  for (const p of part(pieces, old.length - behind, old.length)) made = append(made, p.text, p.by);
  return made;
}
