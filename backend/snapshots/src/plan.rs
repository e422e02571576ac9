//! What is to be mounted and how: a value. The kernel is not asked here.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Driver;

/// Bytes of options that mount(2) takes; what is longer it cuts off without a word.
const PAGE: usize = 4095;

/// How overlay is to behave, so that the writable directory is a full account of what was written:
///
/// - `redirect_dir=nofollow`: a directory is renamed by copying it. Otherwise its content would stay in a layer.
/// - `metacopy=off`: a file whose owner changed is copied whole. Otherwise its content would stay in a layer.
/// - `index=off`: a file with several names in a layer is copied up under the name that is written to. With an index the other names
///   would show the new content too, but nothing in the writable directory would say so, and a captured layer would
///   lack it. It is also what lets layers be moved or restored below a snapshot (else `ESTALE`).
/// - `nfs_export=off`: needs the index.
const BEHAVIOUR: [(&str, &str); 4] =
    [("redirect_dir", "nofollow"), ("metacopy", "off"), ("index", "off"), ("nfs_export", "off")];

/// A snapshot as it is mounted. Paths are absolute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The way.
    pub driver: Driver,
    /// The layers' directories, bottom first; the last is the snapshot's own `init`. Never empty.
    pub lowers: Vec<String>,
    /// The writable directory.
    pub upper: String,
    /// The union file system's own directory.
    pub work: String,
    /// Where it is mounted.
    pub merged: String,
}

/// One option of a mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parameter<'a> {
    /// A word that stands alone.
    Flag(&'static str),
    /// A key and a value.
    Text(&'static str, &'static str),
    /// A key and a directory.
    Folder(&'static str, &'a str),
}

/// The options for mount(2) are longer than it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the options for {layers} layers have {actual} bytes: mount(2) takes {PAGE}")]
pub struct OptionsTooLong {
    /// How many layers.
    pub layers: usize,
    /// Bytes of options.
    pub actual: usize,
}

impl Plan {
    /// What fsopen(2) is told, in its order: layers topmost first, each by its own.
    pub fn parameters(&self) -> Vec<Parameter<'_>> {
        let mut parameters: Vec<_> =
            self.lowers.iter().rev().map(|lower| Parameter::Folder("lowerdir+", lower)).collect();
        parameters.push(Parameter::Folder("upperdir", &self.upper));
        parameters.push(Parameter::Folder("workdir", &self.work));
        parameters.extend(BEHAVIOUR.map(|(key, value)| Parameter::Text(key, value)));
        if self.userxattr() {
            parameters.push(Parameter::Flag("userxattr"));
        }
        parameters
    }

    /// What mount(2) is told, when the directory `links` has a symlink to each lower, named by its place from the
    /// bottom in hex, and `upper` and `work`: real paths of 127 layers would be three times too long, and need no
    /// escapes this way.
    pub fn short_options(&self, links: &str) -> Result<String, OptionsTooLong> {
        let mut options = String::from("lowerdir=");
        for position in (0..self.lowers.len()).rev() {
            let separator = if position == 0 { "" } else { ":" };
            let _ = write!(options, "{links}/{position:x}{separator}");
        }
        let _ = write!(options, ",upperdir={links}/upper,workdir={links}/work");
        for (key, value) in BEHAVIOUR {
            let _ = write!(options, ",{key}={value}");
        }
        if self.userxattr() {
            options.push_str(",userxattr");
        }
        match options.len() {
            0..=PAGE => Ok(options),
            actual => Err(OptionsTooLong { layers: self.lowers.len(), actual }),
        }
    }

    /// What fuse-overlayfs is told, with the same links; it takes any length. Without `writeback=0` what is written
    /// stays in the kernel for a while, and the writable directory does not tell of it.
    pub fn fuse_options(&self, links: &str) -> String {
        let lowers: Vec<_> =
            (0..self.lowers.len()).rev().map(|position| format!("{links}/{position:x}")).collect();
        format!("lowerdir={},upperdir={links}/upper,workdir={links}/work,writeback=0", lowers.join(":"))
    }

    /// The options as mount(8) takes them and the kernel shows them: for people.
    pub fn options(&self) -> String {
        let lowers: Vec<_> = self.lowers.iter().rev().map(|lower| escaped(lower)).collect();
        let mut options = format!(
            "lowerdir={},upperdir={},workdir={}",
            lowers.join(":"),
            escaped(&self.upper),
            escaped(&self.work)
        );
        if let Driver::Overlay { .. } = self.driver {
            for (key, value) in BEHAVIOUR {
                let _ = write!(options, ",{key}={value}");
            }
        }
        if self.userxattr() {
            options.push_str(",userxattr");
        }
        options
    }

    /// A command for a shell that would mount the same.
    pub fn command(&self) -> String {
        let (options, merged) = (quoted(&self.options()), quoted(&self.merged));
        match self.driver {
            Driver::Overlay { .. } => format!("mount -t overlay overlay -o {options} {merged}"),
            Driver::FuseOverlayfs => format!("fuse-overlayfs -o {options} {merged}"),
            Driver::Copy => self.copy_command(),
        }
    }

    /// Without the whiteouts that it would also have to heed.
    fn copy_command(&self) -> String {
        let lowers: Vec<_> = self.lowers.iter().map(|lower| quoted(&format!("{lower}/."))).collect();
        format!("cp -a {} {}", lowers.join(" "), quoted(&self.merged))
    }

    fn userxattr(&self) -> bool {
        matches!(self.driver, Driver::Overlay { userxattr: true, .. })
    }
}

/// What separates options and layers is escaped as overlay reads it.
fn escaped(path: &str) -> String {
    path.chars().fold(String::new(), |mut escaped, char| {
        if matches!(char, ',' | ':' | '\\') {
            escaped.push('\\');
        }
        escaped.push(char);
        escaped
    })
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-=,:+@%".contains(&byte);
    match !word.is_empty() && word.bytes().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(layers: usize, driver: Driver) -> Plan {
        Plan {
            driver,
            lowers: (0..layers).map(|n| format!("/layers/{n}/fs")).collect(),
            upper: "/s/upper".into(),
            work: "/s/work".into(),
            merged: "/s/merged".into(),
        }
    }

    const ROOT: Driver = Driver::Overlay { fsopen: true, userxattr: false };
    const USER: Driver = Driver::Overlay { fsopen: true, userxattr: true };

    #[test]
    fn layers_are_told_topmost_first() {
        let plan = plan(2, USER);
        assert_eq!(
            plan.parameters(),
            [
                Parameter::Folder("lowerdir+", "/layers/1/fs"),
                Parameter::Folder("lowerdir+", "/layers/0/fs"),
                Parameter::Folder("upperdir", "/s/upper"),
                Parameter::Folder("workdir", "/s/work"),
                Parameter::Text("redirect_dir", "nofollow"),
                Parameter::Text("metacopy", "off"),
                Parameter::Text("index", "off"),
                Parameter::Text("nfs_export", "off"),
                Parameter::Flag("userxattr"),
            ]
        );
    }

    #[test]
    fn short_options_fit_in_a_page() {
        let options = plan(2, ROOT).short_options("/proc/self/fd/9").expect("short");
        assert_eq!(
            options,
            "lowerdir=/proc/self/fd/9/1:/proc/self/fd/9/0,upperdir=/proc/self/fd/9/upper,workdir=/proc/self/fd/9/work,\
             redirect_dir=nofollow,metacopy=off,index=off,nfs_export=off"
        );
        plan(129, USER).short_options("/proc/self/fd/1023").expect("127 layers, ours and a spare one fit");
        let error = plan(500, ROOT).short_options("/proc/self/fd/9").expect_err("too long");
        assert_eq!((error.layers, error.actual > PAGE), (500, true));
    }

    #[test]
    fn the_command_can_be_pasted() {
        let mut plan = plan(1, ROOT);
        assert_eq!(
            plan.command(),
            "mount -t overlay overlay -o lowerdir=/layers/0/fs,upperdir=/s/upper,workdir=/s/work,\
             redirect_dir=nofollow,metacopy=off,index=off,nfs_export=off /s/merged"
        );
        plan.merged = "/it's a/merged".into();
        plan.upper = "/a:b,c".into();
        assert!(plan.command().ends_with(r"'/it'\''s a/merged'"), "{}", plan.command());
        assert!(plan.command().contains(r"upperdir=/a\:b\,c,"), "{}", plan.command());
    }

    #[test]
    fn a_plan_survives_being_written_down() {
        for driver in Driver::ALL {
            let plan = plan(3, driver);
            let text = serde_json::to_string(&plan).expect("writes");
            assert_eq!(serde_json::from_str::<Plan>(&text).expect("reads"), plan);
        }
    }
}
