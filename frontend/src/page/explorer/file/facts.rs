//! What is known of a version of a file.

use leptos::prelude::*;
use strata_layer::{EntryRef, Kind, Xattr};

use super::{Subject, use_explorer};
use crate::{
    address::{Place, View},
    figures, hues, moments, names,
    page::{explorer::Explorer, marks::Size, tongue::use_tongue},
    words::Word,
};

/// Layer, mode, owner, size, time, where a link leads, extended attributes.
#[component]
pub fn Facts(subject: Subject) -> impl IntoView {
    let (tongue, explorer) = (use_tongue(), use_explorer());
    let stack = explorer.stack.get_untracked()?;
    let entry = stack.layer(subject.layer).entry(subject.entry);
    let layer = subject.layer;
    let mode = u32::from(entry.mode());
    let rwx = figures::rwx(entry.resolved_kind().letter(), mode);
    let stamp = moments::stamp(entry.mtime().seconds);
    let kind = kind_word(entry.kind());
    let is_file = subject.has_content;
    let device = entry
        .device()
        .map(|device| tongue.with(Word::Device, [format!("{}:{}", device.major, device.minor)]));
    let is_opaque = entry.is_opaque();
    let target = link_text(entry);
    let xattrs: Vec<_> = entry.xattrs().iter().map(xattr).collect();
    let owner = format!("{}:{}", entry.uid(), entry.gid());
    Some(view! {
        <div class="file-facts" data-testid="file-facts">
            <p class="origin">
                <span class="layer chip" class:of-base=layer < explorer.base() style=hues::style(layer) data-layer=layer
                    class:lit=move || explorer.lit.get() == Some(layer) data-testid="file-layer"><span class="stripe"></span>
                    {tongue.with(Word::FromLayer, [(layer + 1).to_string()])}</span>
                <span class="faint">{tongue.say(kind)}</span>
                {is_file.then(|| view! { <Size bytes=subject.size/> })}
                {device.map(|device| view! { <span>{device}</span> })}
            </p>
            {subject.ghost.then(|| view! { <p class="ghost-note" data-testid="ghost-note">{tongue.say(Word::Ghost)}</p> })}
            {is_opaque.then(|| view! { <p class="faint">{tongue.say(Word::OpaqueDirectory)}</p> })}
            <p class="attributes mono">
                <span title=tongue.say(Word::Mode)>{rwx}<span class="faint">{format!(" {mode:04o}")}</span></span>
                <span title=tongue.say(Word::Owner)>{owner}</span>
                <span title=tongue.say(Word::Modified)>{stamp}<span class="faint">" UTC"</span></span>
            </p>
            {target.map(|target| view! { <Link target resolved=subject.resolved.clone() symbolic=subject.kind == Kind::Symlink/> })}
            {(!xattrs.is_empty()).then(|| view! {
                <dl class="xattrs mono" aria-label=tongue.say(Word::Xattrs) data-testid="xattrs">
                    {xattrs.into_iter().map(|(name, value)| view! { <dt>{name}</dt><dd class="break">{value}</dd> }).collect_view()}
                </dl>
            })}
        </div>
    })
}

/// Where a link leads, as a link of the page if it leads anywhere.
#[component]
fn Link(target: String, resolved: Option<Vec<u8>>, symbolic: bool) -> impl IntoView {
    let (tongue, explorer) = (use_tongue(), use_explorer());
    let word = if symbolic { Word::LinksTo } else { Word::HardLinkTo };
    let lead = resolved.map(|path| {
        let shown = format!("/{}", names::bytes(&path));
        view! { <a class="mono" data-testid="link-target" href=address(explorer, path)>"→ "{shown}</a> }
    });
    let lost = lead.is_none() && symbolic;
    view! {
        <p class="leads-to">{tongue.with(word, [target])}" "{lead}
            {lost.then(|| view! { <span class="faint">{tongue.say(Word::LeadsNowhere)}</span> })}</p>
    }
}

fn address(explorer: Explorer, path: Vec<u8>) -> String {
    let view = explorer.view.get_untracked();
    Place::Image(Box::new(View { path, from: None, tab: None, ..view })).print()
}

fn link_text(entry: EntryRef<'_>) -> Option<String> {
    match entry.kind() {
        Kind::Symlink => entry.symlink().map(names::bytes),
        Kind::Hardlink => {
            entry.hardlink().map(|target| format!("/{}", names::bytes(target.path().as_bytes())))
        }
        _ => None,
    }
}

/// A name with a value as text, or as hex when it is none.
fn xattr(attribute: &Xattr) -> (String, String) {
    let value = attribute.value.strip_suffix(b"\0").unwrap_or(&attribute.value);
    let printable = std::str::from_utf8(value).is_ok_and(|text| !text.chars().any(char::is_control));
    let shown = if printable {
        names::bytes(value)
    } else {
        let digits: Vec<String> =
            attribute.value.iter().take(256).map(|byte| format!("{byte:02x}")).collect();
        format!("0x{}", digits.concat())
    };
    (names::bytes(&attribute.name), shown)
}

fn kind_word(kind: Kind) -> Word {
    match kind {
        Kind::File => Word::KindFile,
        Kind::Directory => Word::KindDirectory,
        Kind::Symlink => Word::KindSymlink,
        Kind::Hardlink => Word::KindHardlink,
        Kind::CharDevice => Word::KindCharDevice,
        Kind::BlockDevice => Word::KindBlockDevice,
        Kind::Fifo => Word::KindFifo,
        Kind::Whiteout => Word::KindWhiteout,
    }
}
