//! Images made of containers.

use bollard::models::ContainerConfig;
use bollard::query_parameters::{CommitContainerOptionsBuilder, RemoveImageOptions};
use serde_json::json;

use crate::scene::{both, typed};

#[test]
fn a_container_becomes_an_image() {
    both(async |engine, tale| {
        let (docker, name) = (&engine.docker, "sdk-commit");
        engine.run(name, json!({ "Cmd": ["sh", "-c", "echo text > /f"], "Env": ["A=1"], "Labels": { "of": "container" } })).await;
        engine.ended(name).await;
        let options = CommitContainerOptionsBuilder::default()
            .container(name)
            .repo("sdk-committed")
            .tag("1")
            .author("Ada")
            .comment("by hand")
            .pause(true)
            .changes("CMD [\"cat\", \"/f\"]")
            .build();
        let config: ContainerConfig = typed(json!({ "Env": ["B=2"], "Labels": { "of": "commit" } }));
        let id = docker.commit_container(options, config).await.expect("it can be committed").id;
        let seen = docker.inspect_image("sdk-committed:1").await.expect("it is there");
        assert_eq!(seen.id.as_ref(), Some(&id));
        tale.tell("inspect", &seen);
        engine.run("sdk-of-commit", json!({ "Image": "sdk-committed:1" })).await;
        tale.tell("code", &engine.ended("sdk-of-commit").await);
        engine.remove(&[name, "sdk-of-commit"]).await;
        docker
            .remove_image("sdk-committed:1", None::<RemoveImageOptions>, None)
            .await
            .expect("it can be removed");
        let none = CommitContainerOptionsBuilder::default().container("sdk-none").build();
        tale.refused("of nothing", docker.commit_container(none, ContainerConfig::default()).await);
    });
}
