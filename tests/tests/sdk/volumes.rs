//! Volumes.

use bollard::models::VolumeCreateRequest;
use bollard::query_parameters::{
    ListVolumesOptionsBuilder, PruneVolumesOptionsBuilder, RemoveVolumeOptions, RemoveVolumeOptionsBuilder,
};
use serde_json::json;

use crate::scene::{both, filter, typed};

#[test]
fn volumes_are_made_listed_and_removed() {
    both(async |engine, tale| {
        let docker = &engine.docker;
        let make = async |wanted| docker.create_volume(typed::<VolumeCreateRequest>(wanted)).await;
        tale.tell(
            "made",
            &make(json!({ "Name": "sdk-vol", "Labels": { "vol": "sdk" } })).await.expect("it can be made"),
        );
        tale.tell("again", &make(json!({ "Name": "sdk-vol" })).await.expect("it is there"));
        let memory = json!({ "Name": "sdk-memory", "DriverOpts": { "type": "tmpfs", "device": "tmpfs", "o": "size=1m" }, "Labels": { "vol": "sdk" } });
        tale.tell("with options", &make(memory).await.expect("it can be made"));
        tale.refused("a wrong name", make(json!({ "Name": "a/b" })).await);
        tale.refused("a wrong driver", make(json!({ "Name": "sdk-x", "Driver": "none-such" })).await);
        let unnamed = make(json!({ "Labels": { "vol": "sdk" } })).await.expect("it gets a name");
        assert_eq!(unnamed.name.len(), 64);
        docker.remove_volume(&unnamed.name, None::<RemoveVolumeOptions>).await.expect("it can go");
        engine
            .create("sdk-of-vol", json!({ "HostConfig": { "Binds": ["sdk-vol:/v", "sdk-memory:/m"] } }))
            .await;
        tale.refused(
            "in use",
            docker
                .remove_volume("sdk-vol", Some(RemoveVolumeOptionsBuilder::default().force(true).build()))
                .await,
        );
        for (what, key, value) in
            [("by label", "label", "vol=sdk"), ("by name", "name", "sdk-m"), ("by driver", "driver", "none")]
        {
            let options = ListVolumesOptionsBuilder::default().filters(&filter(key, &[value])).build();
            let mut found = docker.list_volumes(Some(options)).await.expect("they can be listed");
            found.volumes.iter_mut().for_each(|list| list.sort_by(|a, b| a.name.cmp(&b.name)));
            tale.tell(what, &found);
        }
        let options = ListVolumesOptionsBuilder::default().filters(&filter("nothing", &["x"])).build();
        tale.refused("a wrong filter", docker.list_volumes(Some(options)).await);
        engine.remove(&["sdk-of-vol"]).await;
        tale.tell("inspect", &docker.inspect_volume("sdk-vol").await.expect("it stays"));
        let mut filters = filter("label", &["vol=sdk"]);
        if docker.client_version().minor_version >= 42 {
            filters.extend(filter("all", &["true"]));
        }
        let mut gone = docker
            .prune_volumes(Some(PruneVolumesOptionsBuilder::default().filters(&filters).build()))
            .await
            .expect("they can be pruned");
        gone.volumes_deleted.iter_mut().for_each(|list| list.sort());
        tale.tell("pruned", &gone);
        tale.refused("inspect", docker.inspect_volume("sdk-vol").await);
        tale.refused("remove", docker.remove_volume("sdk-vol", None::<RemoveVolumeOptions>).await);
        docker
            .remove_volume("sdk-vol", Some(RemoveVolumeOptionsBuilder::default().force(true).build()))
            .await
            .expect("force doesn't mind");
    });
}
