//! The real page in a real browser, with real data.
//!
//! Everything is found by `data-testid`. A picture of each scene is kept if `STRATA_SCREENS` names a directory.

mod container;
mod container_look;
mod explore;
mod images;
mod inside;
mod look;
mod pull;
mod registry;
mod scene;
mod sharing;
mod speed;
mod workshop;
