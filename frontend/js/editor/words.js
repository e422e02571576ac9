// Colours for the words of a file. The page says where they are: one list of numbers, three for each word (from, to,
// kind), sorted and apart.

import { RangeSetBuilder } from "@codemirror/state";
import { Decoration, ViewPlugin } from "@codemirror/view";

/// Kinds by number, as `frontend/src/workshop/paint.rs` counts them.
const KINDS = ["comment", "directive", "keyword", "flag", "string", "variable", "stage", "image", "escape", "heredoc",
  "operator", "number"].map(kind => Decoration.mark({ class: `w-${kind}` }));

function paint(state, words) {
  const found = words(state.doc.toString());
  const builder = new RangeSetBuilder();
  const length = state.doc.length;
  for (let at = 0; at + 2 < found.length; at += 3) {
    const [from, to, kind] = [found[at], Math.min(found[at + 1], length), KINDS[found[at + 2]]];
    if (kind && from < to) builder.add(from, to, kind);
  }
  return builder.finish();
}

export function painted(words) {
  return ViewPlugin.fromClass(class {
    constructor(view) { this.decorations = paint(view.state, words); }
    update(update) {
      if (update.docChanged) this.decorations = paint(update.state, words);
    }
  }, { decorations: plugin => plugin.decorations });
}
