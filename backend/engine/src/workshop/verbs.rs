//! What the page asks of workshops.

use std::{fs::File, io::Read, sync::Arc};

use bytes::Bytes;
use strata_api::workshop::{
    ChangeWorkshop, CreateWorkshop, FileEntry, GitSource, Listing, Origin, Workshop, WorkshopCard,
};

use super::{
    Workshops, context_path,
    files::Was,
    limits,
    shelf::{Fill, Shelved},
};
use crate::{Engine, Error, Kind, engine::Inner};

/// What a new workshop without anything in it starts with.
const EMPTY: &str = "FROM busybox\n";

impl Engine {
    /// All workshops, changed last first.
    pub async fn workshops(&self) -> Result<Vec<WorkshopCard>, Error> {
        self.blocking(|inner| Ok(inner.workshops.list()?.iter().map(|one| inner.card_of(one)).collect()))
            .await
    }

    /// A workshop with its settings.
    pub async fn workshop(&self, id: &str) -> Result<Workshop, Error> {
        let id = id.to_owned();
        self.blocking(move |inner| Ok(inner.wire(&inner.workshops.look(&id)?))).await
    }

    /// Makes a workshop. For [`Origin::Template`], `template` has the template's files.
    pub async fn create_workshop(
        &self,
        request: CreateWorkshop,
        template: Option<Vec<(String, Vec<u8>)>>,
    ) -> Result<Workshop, Error> {
        let fetched = match &request.origin {
            Origin::Git(source) => Some(self.repository(source).await?),
            _ => None,
        };
        self.blocking(move |inner| {
            let CreateWorkshop { name, origin } = request;
            let name = if name.trim().is_empty() { inner.name_after(&origin) } else { name };
            let fill = match fetched {
                Some(fetched) => Fill::Fetched(fetched),
                None => inner.beginning(&origin, template)?,
            };
            Ok(inner.wire(&inner.workshops.create(&name, origin, fill)?))
        })
        .await
    }

    /// Makes a workshop of a tar, plain or compressed.
    pub async fn upload_workshop(
        &self,
        name: &str,
        mut tar: impl Read + Send + 'static,
    ) -> Result<Workshop, Error> {
        let name = if name.trim().is_empty() { "Upload".to_owned() } else { name.to_owned() };
        self.blocking(move |inner| {
            Ok(inner.wire(&inner.workshops.create(&name, Origin::Upload, Fill::Tar(&mut tar))?))
        })
        .await
    }

    /// Takes new settings, all of them or none.
    pub async fn change_workshop(&self, id: &str, change: ChangeWorkshop) -> Result<Workshop, Error> {
        let id = id.to_owned();
        self.blocking(move |inner| {
            inner.workshops.change(&id, change)?;
            Ok(inner.wire(&inner.workshops.look(&id)?))
        })
        .await
    }

    /// Removes a workshop with all its files and what is known of its builds; one that runs is stopped. Images stay.
    pub async fn remove_workshop(&self, id: &str) -> Result<(), Error> {
        let id = id.to_owned();
        self.blocking(move |inner| {
            inner.workshops.remove(&id)?;
            inner.forget_builds_of(&id)
        })
        .await
    }

    /// Everything in a workshop's context.
    pub async fn workshop_files(&self, id: &str) -> Result<Listing, Error> {
        self.in_workshops(id, |workshops, id| workshops.listing(id)).await
    }

    /// Opens a file of a context for reading; links are not followed.
    pub async fn open_workshop_file(&self, id: &str, path: &[u8]) -> Result<File, Error> {
        let path = context_path(path)?;
        self.in_workshops(id, move |workshops, id| workshops.open_file(id, &path)).await
    }

    /// Writes a file of a context. Without a mode it keeps the one it had, or gets 0644.
    ///
    /// # Errors
    /// [`Kind::Conflict`] if `was` isn't so.
    pub async fn write_workshop_file(
        &self,
        id: &str,
        path: &[u8],
        was: Was,
        mode: Option<u32>,
        bytes: Bytes,
    ) -> Result<FileEntry, Error> {
        let path = context_path(path)?;
        self.in_workshops(id, move |workshops, id| workshops.write_file(id, &path, &was, mode, &bytes)).await
    }

    /// Makes a directory of a context and those that lead to it.
    pub async fn make_workshop_directory(&self, id: &str, path: &[u8]) -> Result<FileEntry, Error> {
        let path = context_path(path)?;
        self.in_workshops(id, move |workshops, id| workshops.make_directory(id, &path)).await
    }

    /// Removes a file of a context, or a directory with all in it.
    pub async fn remove_workshop_file(&self, id: &str, path: &[u8]) -> Result<(), Error> {
        let path = context_path(path)?;
        self.in_workshops(id, move |workshops, id| workshops.remove_file(id, &path)).await
    }

    /// Gives something in a context another path, where nothing may be.
    pub async fn move_workshop_file(&self, id: &str, path: &[u8], to: &[u8]) -> Result<FileEntry, Error> {
        let (path, to) = (context_path(path)?, context_path(to)?);
        self.in_workshops(id, move |workshops, id| workshops.move_file(id, &path, &to)).await
    }

    /// Lays a repository's files below a path of a context: all of them or nothing.
    pub async fn fetch_in_workshop(
        &self,
        id: &str,
        path: &[u8],
        source: GitSource,
    ) -> Result<Listing, Error> {
        let path = context_path(path)?;
        // Before anything is fetched.
        self.workshop(id).await?;
        let fetched = self.repository(&source).await?;
        self.in_workshops(id, move |workshops, id| workshops.lay_over(id, &path, fetched.root())).await
    }

    /// Unpacks a tar, plain or compressed, below a path of a context: all of it or nothing.
    pub async fn unpack_in_workshop(
        &self,
        id: &str,
        path: &[u8],
        mut tar: impl Read + Send + 'static,
    ) -> Result<Listing, Error> {
        let path = context_path(path)?;
        self.in_workshops(id, move |workshops, id| workshops.unpack(id, &path, &mut tar)).await
    }

    async fn in_workshops<T: Send + 'static>(
        &self,
        id: &str,
        work: impl FnOnce(&Workshops, &str) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let id = id.to_owned();
        self.blocking(move |inner: &Arc<Inner>| work(&inner.workshops, &id)).await
    }
}

impl Inner {
    /// What a new workshop starts with.
    fn beginning(
        &self,
        origin: &Origin,
        template: Option<Vec<(String, Vec<u8>)>>,
    ) -> Result<Fill<'static>, Error> {
        let dockerfile = |text: &str| Fill::Files(vec![("Dockerfile".into(), text.as_bytes().to_vec())]);
        let wrong = |message: String| Err(Error::new(Kind::InvalidArgument, message));
        match origin {
            Origin::Empty => Ok(dockerfile(EMPTY)),
            Origin::Template { name } => template.map(Fill::Files).ok_or_else(|| {
                Error::new(Kind::NotFound, format!("No such template: {}", name.escape_debug()))
            }),
            Origin::Shared { dockerfile: text } if text.len() > limits::TEXT => {
                wrong(format!("the Dockerfile has more than {} bytes", limits::TEXT))
            }
            Origin::Shared { dockerfile: text } => Ok(dockerfile(text)),
            Origin::Copy { workshop } => Ok(Fill::Copy(workshop.clone())),
            Origin::Branch { build, step } => self.branch(build, *step),
            Origin::Upload => wrong("a tar is sent to /api/workshops/upload".into()),
            Origin::Git(_) => wrong("a repository has to be fetched first".into()),
        }
    }

    /// What a workshop is called that nobody gave a name.
    fn name_after(&self, origin: &Origin) -> String {
        match origin {
            Origin::Template { name } => name.clone(),
            Origin::Copy { workshop } => {
                self.workshops.look(workshop).map_or_else(|_| "Copy".into(), |other| other.record.name)
            }
            Origin::Git(source) => {
                let path = source.url.split(['#', '?']).next().unwrap_or_default();
                let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
                last.trim_end_matches(".git").chars().take(limits::NAME).collect()
            }
            Origin::Empty | Origin::Upload | Origin::Shared { .. } | Origin::Branch { .. } => {
                "Dockerfile".into()
            }
        }
    }

    fn card_of(&self, shelved: &Shelved) -> WorkshopCard {
        let record = &shelved.record;
        WorkshopCard {
            id: record.id.clone(),
            name: record.name.clone(),
            created: record.created,
            changed: record.changed,
            files: shelved.files,
            bytes: shelved.bytes,
            last_build: self.last_build(&record.id),
        }
    }

    fn wire(&self, shelved: &Shelved) -> Workshop {
        let record = &shelved.record;
        Workshop {
            card: self.card_of(shelved),
            dockerfile: record.dockerfile.clone(),
            tags: record.tags.clone(),
            args: record.args.clone(),
            target: record.target.clone(),
            origin: record.origin.clone(),
        }
    }
}
