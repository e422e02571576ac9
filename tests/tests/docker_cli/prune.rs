//! `docker image prune` and `docker system prune`, with and without filters.

use strata_tests::duel::sorted;

use crate::scene::{each, with_images};

#[test]
fn what_containers_need_stays() {
    each(|duel, names| {
        for name in ["box", "demo", "decoy"] {
            duel.prepare(&["pull", "--quiet", &names.open(name)]);
        }
        duel.prepare(&["create", "--name", "user", &names.open("box")]);
        duel.prepare(&["tag", &names.open("box"), "box:again"]);
        duel.same_as(&["image", "prune", "--all", "--force"], sorted);
        duel.same_as(&["images", "--format", "{{.Repository}}:{{.Tag}}"], sorted);
        duel.prepare(&["rm", "user"]);
        duel.same_as(&["image", "prune", "--all", "--force"], sorted);
        duel.same(&["images", "--quiet"]);
    });
}

#[test]
fn filters_choose() {
    with_images(|duel, _| {
        let prune = |filter: &str| {
            duel.same_as(&["image", "prune", "--all", "--force", "--filter", filter], sorted);
        };
        prune("until=2001-01-01T00:00:00");
        prune("label=none");
        prune("label!=org.example.kind");
        prune("label=org.example.kind=other");
        duel.same_as(&["images", "--format", "{{.Repository}}:{{.Tag}}"], sorted);
        prune("until=1s");
        duel.same(&["images", "--quiet"]);
    });
}

#[test]
fn the_whole_system() {
    with_images(|duel, names| {
        duel.prepare(&["rmi", &names.open("demo:v1")]);
        duel.same_as(&["system", "prune", "--force"], sorted);
        duel.same_as(&["system", "prune", "--force", "--all"], sorted);
        duel.same(&["system", "df"]);
    });
}
