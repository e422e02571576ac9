//! The steps that make files without a program: `COPY`, `ADD` and `WORKDIR`.

use std::{os::unix::fs::PermissionsExt as _, path::PathBuf, time::Instant};

use strata_catalog::Layer;
use strata_dockerfile::{
    Command, Copy, Instruction,
    context::copied_files,
    evaluate::{Copied, Step},
    expand::go_quote,
    key::{Content, StepKey},
};
use strata_layers::{follow, make_directories};
use strata_oci::Digest;
use strata_snapshots::{SnapshotId, Snapshots};

use crate::{
    Context, Error, Event, GitAddress,
    build::{Build, Did},
    cache::StepBody,
    committing::command_text,
    context::Origin,
    copy::{Found, Placing, entries, gather, gather_packed, givable, owner, place},
    from::is_url,
    stage::Stage,
    workbench::Chain,
};

/// Files of a step that are told.
const TOLD: usize = 5_000;
/// Directories that every container has, whatever its image has.
const GIVEN: [&str; 7] = ["dev", "dev/pts", "dev/shm", "etc", "proc", "sys", ""];

/// A mounted tree that is removed when dropped.
pub(crate) struct Mounted {
    snapshots: Snapshots,
    pub id: SnapshotId,
    pub root: PathBuf,
}

impl Mounted {
    /// Mounts an image with something to write to over it.
    pub(crate) fn new(snapshots: &Snapshots, lowers: &[PathBuf]) -> Result<Self, Error> {
        let id: SnapshotId = strata_containers::random_id()
            .parse()
            .map_err(|error: strata_snapshots::IdError| Error::internal("no id", &error))?;
        snapshots.prepare(&id, lowers, &[], false)?;
        let mounted = Self { snapshots: snapshots.clone(), root: snapshots.paths(&id).merged, id };
        snapshots.mount(&mounted.id)?;
        Ok(mounted)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        if let Err(error) = self.snapshots.remove(&self.id) {
            tracing::warn!(%error, "cannot remove a step's file system; the next start will");
        }
    }
}

/// What a COPY or ADD copies, and what keeps it there.
#[derive(Default)]
struct Gathered {
    found: Vec<Found>,
    /// Directories of the step's own.
    scratch: Vec<Context>,
    /// The image that it is from.
    mounted: Option<Mounted>,
    /// Whether all of it is in the context and nothing but files there.
    plain: bool,
}

impl Build {
    /// `COPY` and `ADD`.
    pub(crate) fn copy(
        &mut self,
        stage: &mut Stage,
        step: Step,
        instruction: &Instruction,
    ) -> Result<Did, Error> {
        let begun = Instant::now();
        let (name, add, copy) = match &instruction.command {
            Command::Add(copy) => ("ADD", true, copy),
            Command::Copy(copy) => ("COPY", false, copy),
            _ => return Err(Error::invalid("no COPY")),
        };
        let copied = step.takes.first().cloned().unwrap_or_default();
        let failed = |error: Error| error.about(format!("{name} failed"));
        let (parent, below) = (stage.chain.id.clone(), stage.chain.layers.len());
        let platform = self.platform();
        let from = match &copied.from {
            None => None,
            Some(from) => Some(
                self.source_of(stage_number(self), from)
                    .map_err(|error| error.about(format!("invalid from flag value {from}")))?,
            ),
        };
        let mut keys = Vec::new();
        if let Some(Chain { id: Some(id), .. }) = &from {
            let key = StepKey::of(parent.as_ref(), &platform, &step, &[Content::Image(id)]);
            keys.push(key);
            // Of its row in a history only the files tell.
            if self.look_up(stage, &keys, "", false)? {
                return Ok(Did { cached: true, layer: None });
            }
        }
        let gathered = self.gather(name, copy, &copied, from.as_ref()).map_err(failed)?;
        let found = &gathered.found;
        if found.is_empty() {
            return Err(failed(Error::invalid("no source files were specified")));
        }
        if found.len() > 1 && !copied.destination.ends_with('/') {
            return Err(Error::invalid(format!(
                "When using {name} with more than one source file, the destination must be a directory and end with a /"
            )));
        }
        let (digest, body) = self.content(&gathered, &copied, from.is_some())?;
        let kind = match &found[..] {
            [one] if one.directory => "dir",
            [_] => "file",
            _ => "multi",
        };
        let flag = |name: &str, value: &Option<String>| {
            value.as_ref().map_or_else(String::new, |value| format!("--{name}={value}"))
        };
        let comment = format!(
            "{name} {}{}{kind}:{} in {} ",
            flag("chown", &copied.chown),
            flag("chmod", &copied.chmod),
            digest.hex(),
            copied.destination
        );
        let made_by = stage.commented(&comment, true);
        let text = command_text(&made_by);
        keys.push(StepKey::of(parent.as_ref(), &platform, &step, &[Content::Files(&digest)]));
        if self.look_up(stage, &keys[keys.len() - 1..], &text, true)? {
            // Next time the images alone tell it, to the forecast too.
            let body = StepBody { instruction: step.text, args: step.args, ..body };
            let bytes = stage.chain.layers.get(below).map_or(0, |layer| layer.unpacked);
            self.remember(stage, &parent, &keys[..keys.len() - 1], StepBody { bytes, ..body }, begun)?;
            return Ok(Did { cached: true, layer: None });
        }
        let layer = self.put(stage, &gathered, &copied, copy, add, from.is_some())?;
        let body = StepBody { instruction: step.text, args: step.args, ..body };
        self.commit(stage, made_by, None, layer.clone(), &keys, body, begun)?;
        Ok(Did { cached: false, layer })
    }

    /// Finds what is copied; what is elsewhere is fetched.
    fn gather(
        &mut self,
        name: &str,
        copy: &Copy,
        copied: &Copied,
        from: Option<&Chain>,
    ) -> Result<Gathered, Error> {
        let mut gathered = Gathered { plain: from.is_none(), ..Gathered::default() };
        if let Some(chain) = from {
            gathered.mounted = Some(Mounted::new(&self.bench.stores().snapshots, &self.directories(chain))?);
        }
        for source in &copied.sources {
            if (is_url(source) || GitAddress::is_meant_by(source)) && from.is_none() {
                if name == "COPY" {
                    return Err(Error::invalid("source can't be a URL for COPY"));
                }
                gathered.plain = false;
                self.download(source, copy, copied, &mut gathered)?;
                continue;
            }
            gathered.found.extend(match &gathered.mounted {
                Some(mounted) => gather(&mounted.root, source, false)?,
                None => self.of_context(source)?,
            });
        }
        for (name, content) in &copied.files {
            gathered.plain = false;
            let scratch = self.bench.stores().room.scratch()?;
            let fail = |error: std::io::Error| Error::internal("cannot write a heredoc", &error);
            std::fs::write(scratch.root().join(name), content).map_err(fail)?;
            gathered.found.push(in_scratch(&scratch, name, false));
            gathered.scratch.push(scratch);
        }
        if !copied.exclude.is_empty() {
            crate::exclude::exclude(
                &mut gathered.found,
                &copied.exclude,
                &self.bench.stores().room,
                &mut gathered.scratch,
            )?;
        }
        Ok(gathered)
    }

    /// Finds a source in the context.
    fn of_context(&mut self, source: &str) -> Result<Vec<Found>, Error> {
        let context = self.context.as_mut().ok_or_else(|| Error::invalid("missing build context"))?;
        if let Origin::Packed(packed) = context.origin()
            && let Some(found) = gather_packed(&packed, source)?
        {
            return Ok(found);
        }
        gather(context.lay_out()?, source, true)
    }

    /// The content for the key and the history, and what a record says of it.
    fn content(
        &mut self,
        gathered: &Gathered,
        copied: &Copied,
        owners: bool,
    ) -> Result<(Digest, StepBody), Error> {
        if gathered.plain {
            let listing = self.listing()?;
            // A file that only the file system finds is in no listing.
            if let (Ok(content), Ok(picked)) = (listing.content(copied), listing.pick(copied)) {
                let body = StepBody::default().with_files(copied_files(&picked));
                let few = picked.len() <= TOLD;
                let files = few.then(|| picked.iter().map(|picked| picked.entry.clone()).collect());
                self.listener.tell(Event::Copied { files });
                return Ok((content.digest, body));
            }
        }
        if !copied.exclude.is_empty() {
            self.listener.tell(Event::Copied { files: None });
        }
        let entries = entries(&gathered.found, owners)?;
        let mut text = String::new();
        for entry in &entries {
            text += &format!("{}:{} {}\n", entry.path.len(), entry.path, entry.mark());
        }
        Ok((Digest::of(text.as_bytes()), StepBody::default()))
    }

    /// Copies into a layer.
    fn put(
        &mut self,
        stage: &Stage,
        gathered: &Gathered,
        copied: &Copied,
        copy: &Copy,
        add: bool,
        from_image: bool,
    ) -> Result<Option<Layer>, Error> {
        let mounted = Mounted::new(&self.bench.stores().snapshots, &self.directories(&stage.chain))?;
        let owned = match &copied.chown {
            Some(text) => Some(givable(owner(text, &mounted.root)?, text)?),
            None if from_image => None,
            None => Some((0, 0)),
        };
        let mode = copied.chmod.as_deref().map(permissions).transpose()?;
        let many = gathered.found.iter().any(|found| found.directory);
        let _busy = many.then(|| self.bench.stores().layers.write_behind());
        for found in &gathered.found {
            self.listener.check()?;
            let unpack = add && copy.unpack.unwrap_or(!found.fetched);
            let destination = destination(&stage.state.config.working_dir, found, copied);
            let how = Placing { owner: owned, mode, unpack };
            place(found, &mounted.root, destination.as_bytes(), &how)?;
        }
        self.harden(&mounted.id)
    }

    /// What was written to a snapshot becomes a layer; the snapshot is good for nothing afterwards.
    fn harden(&mut self, id: &SnapshotId) -> Result<Option<Layer>, Error> {
        let stores = self.bench.stores();
        stores.snapshots.unmount(id)?;
        let staged = stores.snapshots.harden(id, &stores.layers, false);
        self.bench.keep(staged.map_err(|error| Error::internal("cannot make a layer", &error))?)
    }

    /// `WORKDIR`: the directory is made if need be.
    pub(crate) fn workdir(&mut self, stage: &mut Stage, step: Step) -> Result<Did, Error> {
        self.commit_without_program(stage, step, true, |build, stage| {
            build.make_directory(&stage.chain, &stage.state.config.working_dir)
        })
    }

    fn make_directory(&mut self, chain: &Chain, path: &str) -> Result<Option<Layer>, Error> {
        let mounted = Mounted::new(&self.bench.stores().snapshots, &self.directories(chain))?;
        let wrong = |why: &str| Error::invalid(format!("Cannot mkdir: {path} {why}"));
        let followed = follow(&mounted.root, path.as_bytes())?;
        if followed.is_directory() || GIVEN.iter().any(|given| given.as_bytes() == followed.path) {
            return Ok(None);
        }
        if followed.stat.is_some() {
            return Err(wrong("is not a directory"));
        }
        make_directories(&mounted.root, path.as_bytes(), 0o755, (0, 0))
            .map_err(|error| wrong(&error.to_string()))?;
        self.harden(&mounted.id)
    }

    /// Fetches a source of an `ADD`.
    fn download(
        &mut self,
        source: &str,
        copy: &Copy,
        copied: &Copied,
        gathered: &mut Gathered,
    ) -> Result<(), Error> {
        let scratch = self.bench.stores().room.scratch()?;
        if GitAddress::is_meant_by(source) {
            self.listener.wait(self.images.clone_repository(source, scratch.root()))?;
            let address: GitAddress =
                source.parse().map_err(|error: crate::GitError| Error::invalid(error.to_string()))?;
            let scratch = match &address.directory {
                Some(directory) => scratch.enter(directory)?,
                None => scratch,
            };
            gathered.found.push(in_scratch(&scratch, "", true));
            gathered.scratch.push(scratch);
            return Ok(());
        }
        let file = scratch.root().join("fetched");
        let fetched = self.listener.wait(self.images.fetch(source, &file))?;
        let path = source.split(['?', '#']).next().unwrap_or(source);
        let path =
            path.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
        let last = path.rsplit('/').next().filter(|name| !name.is_empty());
        let name = match (last.map(str::to_owned).or(fetched.name), copied.destination.ends_with('/')) {
            (Some(name), _) if !matches!(name.as_str(), "." | "..") && !name.contains('/') => name,
            (_, true) => {
                return Err(Error::invalid(format!("cannot determine filename for source {source}")));
            }
            (_, false) => "__unnamed__".to_owned(),
        };
        let fail = |error: std::io::Error| Error::internal("cannot keep what was fetched", &error);
        let named = scratch.root().join(&name);
        std::fs::rename(&file, &named).map_err(fail)?;
        std::fs::set_permissions(&named, std::fs::Permissions::from_mode(0o600)).map_err(fail)?;
        let time = std::time::SystemTime::UNIX_EPOCH
            + std::time::Duration::from_secs(u64::try_from(fetched.modified.unwrap_or(0)).unwrap_or(0));
        std::fs::File::options()
            .write(true)
            .open(&named)
            .and_then(|file| file.set_modified(time))
            .map_err(fail)?;
        if let Some(wanted) = &copy.checksum {
            let found = gathered_digest(&named).map_err(fail)?;
            if found.to_string() != wanted.text {
                return Err(Error::invalid(format!("digest mismatch {found}: {}", wanted.text)));
            }
        }
        self.print("\n".into());
        let mut found = in_scratch(&scratch, &name, false);
        found.fetched = true;
        gathered.found.push(found);
        gathered.scratch.push(scratch);
        Ok(())
    }

    /// Where a chain's layers are, bottom first.
    pub(crate) fn directories(&self, chain: &Chain) -> Vec<PathBuf> {
        let layers = &self.bench.stores().layers;
        chain.layers.iter().map(|layer| layers.tree(&layer.diff_id)).collect()
    }
}

/// The stage that is being built.
pub(crate) fn stage_number(build: &Build) -> usize {
    build.finished.len()
}

fn in_scratch(scratch: &Context, name: &str, directory: bool) -> Found {
    Found {
        origin: scratch.origin(),
        path: name.as_bytes().to_vec(),
        place: name.as_bytes().to_vec(),
        directory,
        fetched: false,
    }
}

fn gathered_digest(path: &std::path::Path) -> std::io::Result<Digest> {
    let mut hasher = strata_oci::Hasher::new(strata_oci::Algorithm::Sha256);
    let mut file = std::fs::File::open(path)?;
    let mut buffer = vec![0; 64 << 10];
    loop {
        match std::io::Read::read(&mut file, &mut buffer)? {
            0 => return Ok(hasher.finish()),
            length => hasher.update(&buffer[..length]),
        }
    }
}

/// Where something goes: absolute, and with its slash at the end if it had one.
fn destination(working_dir: &str, found: &Found, copied: &Copied) -> String {
    let mut path = match copied.destination.starts_with('/') {
        true => copied.destination.clone(),
        false => {
            let joined = strata_dockerfile::evaluate::directory(working_dir, &copied.destination);
            let slash = copied.destination.ends_with('/') && joined != "/";
            format!("{joined}{}", if slash { "/" } else { "" })
        }
    };
    if copied.parents {
        let source = String::from_utf8_lossy(&found.path);
        let source = source.trim_start_matches('/');
        let folder = match found.directory {
            true => source,
            false => source.rsplit_once('/').map_or("", |(folder, _)| folder),
        };
        path = format!("{}/{folder}/", path.trim_end_matches('/'));
    }
    path
}

/// The permissions of `--chmod`: an octal number.
fn permissions(text: &str) -> Result<u32, Error> {
    u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o7777).ok_or_else(|| {
        Error::invalid(format!(
            "invalid chmod parameter: {}: it should be octal string and between 0 and 07777",
            go_quote(text)
        ))
    })
}
