//! `docker build` against dockerd's classic builder: the same output, the same images.

mod cancel;
mod clients;
mod compare;
mod context;
mod corpus;
mod debian;
mod history;
mod hostile;
mod images;
mod limits;
mod mounts;
mod repositories;
mod scene;
