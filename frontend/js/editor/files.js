// Files that somebody drops on the page or picks: a list of { path, bytes }, paths relative to what was dropped.

/// More than this isn't read: the page's memory would have it twice.
const MOST = 256 * 1024 * 1024;
const MOST_FILES = 10000;

async function read(found) {
  const size = found.reduce((sum, one) => sum + one.file.size, 0);
  if (size > MOST) throw new Error(`size ${size}`);
  if (found.length > MOST_FILES) throw new Error(`count ${found.length}`);
  const files = [];
  for (const { path, file } of found) files.push({ path, bytes: new Uint8Array(await file.arrayBuffer()) });
  return files;
}

const promised = (entry, method) => new Promise((resolve, reject) => entry[method](resolve, reject));

async function walk(entry, path, found) {
  if (found.length > MOST_FILES) return;
  if (entry.isFile) {
    found.push({ path: path + entry.name, file: await promised(entry, "file") });
    return;
  }
  const reader = entry.createReader();
  // A browser gives some hundred at a time.
  for (;;) {
    const some = await promised(reader, "readEntries");
    if (!some.length) return;
    for (const child of some) await walk(child, `${path}${entry.name}/`, found);
  }
}

/// What lies in a `DataTransfer`; to be called in the handler of the event. A single folder's own name is left out: what is
/// in it is the context.
export function dropped(transfer) {
  const entries = [...transfer.items].map(item => item.webkitGetAsEntry?.()).filter(Boolean);
  const plain = [...transfer.files];
  return (async () => {
    const found = [];
    if (entries.length === 1 && entries[0].isDirectory) {
      await walk(entries[0], "", found);
      const own = entries[0].name.length + 1;
      return read(found.map(one => ({ ...one, path: one.path.slice(own) })));
    }
    for (const entry of entries) await walk(entry, "", found);
    if (!entries.length) found.push(...plain.map(file => ({ path: file.name, file })));
    return read(found);
  })();
}

/// Asks for files, or for a folder.
export function picked(folder) {
  return new Promise(resolve => {
    const input = document.createElement("input");
    input.type = "file";
    input.multiple = true;
    input.webkitdirectory = folder;
    input.hidden = true;
    input.dataset.testid = "file-input";
    const done = files => { input.remove(); resolve(files); };
    input.addEventListener("cancel", () => done([]));
    input.addEventListener("change", () => {
      const inside = file => file.webkitRelativePath.split("/").slice(1).join("/") || file.name;
      done(read([...input.files].map(file => ({ path: inside(file), file }))));
    });
    document.body.append(input);
    input.click();
  });
}
