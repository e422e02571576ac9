//! Contexts from git repositories.

use strata_api::workshop::GitSource;
use strata_builder::{Context, GitAddress, GitError, GitPolicy};

use crate::{Engine, Error, Kind};

impl Engine {
    /// Fetches a repository, over https only and only from where builds may fetch; the files of the part of it that is wanted.
    pub(super) async fn repository(&self, source: &GitSource) -> Result<Context, Error> {
        let address: GitAddress = source.url.parse().map_err(refused)?;
        let builder = &self.inner().builder;
        let (context, home) = (builder.room.empty()?, builder.room.empty()?);
        let may = |ip| builder.downloader.may_connect(ip);
        let policy = GitPolicy { plain: false };
        strata_builder::clone(&address, context.root(), home.root(), policy, may).await.map_err(refused)?;
        match &address.directory {
            Some(directory) => Ok(context.enter(directory)?),
            None => Ok(context),
        }
    }
}

fn refused(error: GitError) -> Error {
    let kind = match error {
        GitError::Address { .. } => Kind::InvalidArgument,
        GitError::Forbidden { .. } => Kind::Forbidden,
        GitError::Lookup { .. } | GitError::Git { .. } => Kind::Unavailable,
    };
    Error::new(kind, error.to_string())
}
