//! The tables, and how each version of them becomes the next.
//!
//! ```text
//! blobs ◄── images ──► image_layers ──► layers ──► layer_blobs ──► blobs
//!   ▲         ▲  ▲
//!   │         │  └── tags, repo_digests            names of images
//!   │         └───── image_manifests ──► manifests
//!   ├── manifests ──► manifest_children            children need not be here
//!   ├── (manifests) ◄── registry_manifests ◄── registry_tags
//!   ├── (manifests) ◄── manifest_subjects           what refers to what, which need not be here
//!   └── registry_blobs                             uploaded, and not named by a manifest yet
//!
//! blobs ◄── containers ──► container_layers ──► layers   an image may go before its containers
//! volumes
//!
//! images ──► images (parent)   build_steps   builds       what builds did; it may be told of images that are gone
//!
//! leases ──► held_layers, held_blobs               in memory; what is held need not be here yet
//! ```

/// Written into the file so that it is known for ours: "Stra".
pub(super) const APPLICATION_ID: i64 = 0x5374_7261;

/// The statements that lead from version `n` (the index) to `n + 1`.
///
/// A released entry is never edited: files out there were made by it. Append the next one.
pub(super) const MIGRATIONS: [&str; 4] = [FIRST, CONTAINERS, BUILDS, super::uploads::TABLES];

const FIRST: &str = "
CREATE TABLE blobs (
    digest     TEXT PRIMARY KEY,
    size       INTEGER NOT NULL CHECK (size >= 0),
    media_type TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE layers (
    diff_id  TEXT PRIMARY KEY,
    unpacked INTEGER NOT NULL CHECK (unpacked >= 0),
    entries  INTEGER NOT NULL CHECK (entries >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE layer_blobs (
    diff_id  TEXT NOT NULL REFERENCES layers ON DELETE CASCADE,
    digest   TEXT NOT NULL REFERENCES blobs,
    position INTEGER NOT NULL,
    PRIMARY KEY (diff_id, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX layer_blobs_by_digest ON layer_blobs (digest);

CREATE TABLE manifests (
    digest TEXT PRIMARY KEY REFERENCES blobs
) STRICT, WITHOUT ROWID;

CREATE TABLE manifest_children (
    manifest TEXT NOT NULL REFERENCES manifests ON DELETE CASCADE,
    child    TEXT NOT NULL,
    PRIMARY KEY (manifest, child)
) STRICT, WITHOUT ROWID;

CREATE TABLE images (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL UNIQUE REFERENCES blobs,
    created     TEXT,
    added       INTEGER NOT NULL,
    last_tagged INTEGER
) STRICT;

CREATE TABLE image_layers (
    image    TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    diff_id  TEXT NOT NULL REFERENCES layers,
    PRIMARY KEY (image, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX image_layers_by_diff_id ON image_layers (diff_id);

CREATE TABLE image_manifests (
    image    TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    manifest TEXT NOT NULL REFERENCES manifests,
    PRIMARY KEY (image, manifest)
) STRICT, WITHOUT ROWID;
CREATE INDEX image_manifests_by_manifest ON image_manifests (manifest);

CREATE TABLE tags (
    repository TEXT NOT NULL,
    tag        TEXT NOT NULL,
    image      TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    pulled     TEXT,
    PRIMARY KEY (repository, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_by_image ON tags (image);

CREATE TABLE repo_digests (
    repository TEXT NOT NULL,
    digest     TEXT NOT NULL,
    image      TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    PRIMARY KEY (repository, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX repo_digests_by_image ON repo_digests (image);

CREATE TABLE registry_manifests (
    repository TEXT NOT NULL,
    manifest   TEXT NOT NULL REFERENCES manifests,
    PRIMARY KEY (repository, manifest)
) STRICT, WITHOUT ROWID;
CREATE INDEX registry_manifests_by_manifest ON registry_manifests (manifest);

CREATE TABLE registry_tags (
    repository TEXT NOT NULL,
    tag        TEXT NOT NULL,
    manifest   TEXT NOT NULL,
    PRIMARY KEY (repository, tag),
    FOREIGN KEY (repository, manifest) REFERENCES registry_manifests ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX registry_tags_by_manifest ON registry_tags (repository, manifest);
";

const CONTAINERS: &str = "
CREATE TABLE containers (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    id      TEXT NOT NULL UNIQUE,
    name    TEXT NOT NULL UNIQUE,
    image   TEXT REFERENCES blobs,
    created INTEGER NOT NULL,
    body    TEXT NOT NULL
) STRICT;
CREATE INDEX containers_by_image ON containers (image);

CREATE TABLE container_layers (
    container TEXT NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
    position  INTEGER NOT NULL,
    diff_id   TEXT NOT NULL REFERENCES layers,
    PRIMARY KEY (container, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX container_layers_by_diff_id ON container_layers (diff_id);

CREATE TABLE volumes (
    name      TEXT PRIMARY KEY,
    anonymous INTEGER NOT NULL CHECK (anonymous IN (0, 1)),
    created   INTEGER NOT NULL,
    body      TEXT NOT NULL
) STRICT, WITHOUT ROWID;
";

const BUILDS: &str = "
ALTER TABLE images ADD COLUMN parent TEXT;
CREATE INDEX images_by_parent ON images (parent);

CREATE TABLE build_steps (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    key      TEXT NOT NULL,
    image    TEXT NOT NULL,
    parent   TEXT,
    workshop TEXT,
    body     TEXT NOT NULL
) STRICT;
CREATE INDEX build_steps_by_key ON build_steps (key);
CREATE INDEX build_steps_by_parent ON build_steps (parent);
CREATE INDEX build_steps_by_workshop ON build_steps (workshop);

CREATE TABLE builds (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT NOT NULL UNIQUE,
    workshop TEXT,
    body     TEXT NOT NULL
) STRICT;
CREATE INDEX builds_by_workshop ON builds (workshop);
";

/// Leases end with the process, so they need no disk: a pull takes and gives them back without waiting for one.
pub(super) const TEMPORARY: &str = "
CREATE TEMP TABLE leases (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    note  TEXT NOT NULL,
    taken INTEGER NOT NULL
) STRICT;

CREATE TEMP TABLE held_layers (
    lease   INTEGER NOT NULL REFERENCES leases ON DELETE CASCADE,
    diff_id TEXT NOT NULL,
    PRIMARY KEY (lease, diff_id)
) STRICT, WITHOUT ROWID;

CREATE TEMP TABLE held_blobs (
    lease  INTEGER NOT NULL REFERENCES leases ON DELETE CASCADE,
    digest TEXT NOT NULL,
    PRIMARY KEY (lease, digest)
) STRICT, WITHOUT ROWID;
";
