//! Lists of containers.

use bollard::query_parameters::{InspectContainerOptionsBuilder, ListContainersOptionsBuilder};
use serde_json::json;

use crate::scene::{both, filter};

#[test]
fn containers_are_listed_by_filters() {
    both(async |engine, tale| {
        let docker = &engine.docker;
        let volume = json!({ "Binds": ["sdk-listed:/data"] });
        engine
            .run(
                "sdk-list-1",
                json!({ "Cmd": ["sleep", "100"], "Labels": { "list": "one" }, "HostConfig": volume }),
            )
            .await;
        engine.run("sdk-list-2", json!({ "Cmd": ["sh", "-c", "exit 5"], "Labels": { "list": "two" }, "ExposedPorts": { "80/tcp": {} } })).await;
        engine.ended("sdk-list-2").await;
        engine
            .create(
                "sdk-list-3",
                json!({ "Cmd": ["sh", "-c", "echo 'a quoted word'"], "Labels": { "list": "two" } }),
            )
            .await;
        for (what, key, value) in [
            ("by label", "label", "list"),
            ("by label and value", "label", "list=two"),
            ("by name", "name", "sdk-list-"),
            ("by exit code", "exited", "5"),
            ("by volume", "volume", "sdk-listed"),
            ("by ancestor", "ancestor", "box"),
            ("by status", "status", "created"),
            ("since", "since", "sdk-list-2"),
            ("before", "before", "sdk-list-2"),
            ("by network", "network", "bridge"),
            ("by exposed port", "expose", "80/tcp"),
        ] {
            let mut filters = filter("label", &["list"]);
            filters.entry(key.into()).or_default().push(value.into());
            let options =
                ListContainersOptionsBuilder::default().all(true).size(true).filters(&filters).build();
            let mut found = docker.list_containers(Some(options)).await.expect("they can be listed");
            // "Up 1 second" is told as of the hour.
            found.iter_mut().for_each(|one| {
                one.status = one.status.take().map(|text| text.split(' ').next().unwrap_or_default().into())
            });
            tale.tell(what, &found);
        }
        let options = ListContainersOptionsBuilder::default().filters(&filter("status", &["asleep"])).build();
        tale.refused("a wrong status", docker.list_containers(Some(options)).await);
        let options = ListContainersOptionsBuilder::default().filters(&filter("nothing", &["x"])).build();
        tale.refused("a wrong filter", docker.list_containers(Some(options)).await);
        let seen = docker
            .inspect_container(
                "sdk-list-2",
                Some(InspectContainerOptionsBuilder::default().size(true).build()),
            )
            .await;
        let seen = seen.expect("it is there");
        assert!(seen.size_root_fs.is_some() && seen.size_rw.is_some());
        engine.remove(&["sdk-list-1", "sdk-list-2", "sdk-list-3"]).await;
        docker
            .remove_volume("sdk-listed", None::<bollard::query_parameters::RemoveVolumeOptions>)
            .await
            .expect("it can go");
    });
}
