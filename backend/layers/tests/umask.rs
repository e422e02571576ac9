//! Modes do not depend on the process's umask. Alone in its program: the umask is the process's, not a thread's.

mod support;

use rustix::{fs::Mode, process::umask};
use strata_forge::{Entry, Layer};
use support::{Store, tree_of};

#[test]
fn modes_are_the_archives_whatever_the_umask_is() {
    let modes = [0o777, 0o666, 0o644, 0o755, 0o640, 0o400, 0o4755, 0o2711, 0o1777, 0o027];
    let layer = modes.iter().fold(Layer::new().dir("implied by nothing"), |layer, mode| {
        layer
            .with(Entry::file(format!("f{mode:o}"), "x").mode(*mode))
            .with(Entry::dir(format!("d{mode:o}")).mode(*mode))
            .with(Entry::new(format!("p{mode:o}"), strata_forge::Kind::Fifo).mode(*mode))
            .file(format!("implied{mode:o}/f"), "x")
    });
    let store = Store::new();
    if !store.layers.powers().owners {
        eprintln!("LEFT OUT: needs root (an ordinary user's files get more bits on purpose)");
        return;
    }
    // The store was opened under the umask that was there.
    for mask in [0o000, 0o022, 0o077, 0o777] {
        let before = umask(Mode::from_raw_mode(mask));
        let taken = store.add(&layer);
        umask(before);
        let facts = tree_of(&store.tree(&taken.diff_id));
        for mode in modes {
            for kind in ["f", "d", "p"] {
                let found = facts[format!("{kind}{mode:o}").as_bytes()].mode & 0o7777;
                assert_eq!(found, mode, "{kind}{mode:o} under {mask:03o}");
            }
            assert_eq!(facts[format!("implied{mode:o}").as_bytes()].mode & 0o7777, 0o755);
        }
        assert_eq!(facts[&b""[..]].mode & 0o7777, 0o755);
        assert!(store.layers.remove(&taken.diff_id).expect("removes"));
    }
}
