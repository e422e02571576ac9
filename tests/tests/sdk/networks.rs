//! Networks.

use bollard::query_parameters::{
    InspectNetworkOptionsBuilder, ListNetworksOptionsBuilder, PruneNetworksOptionsBuilder,
};
use serde_json::json;

use crate::scene::{both, filter, typed};

#[test]
fn a_network_is_made_joined_and_removed() {
    both(async |engine, tale| {
        let docker = &engine.docker;
        let wanted = json!({
            "Name": "sdk-net", "Driver": "bridge", "Attachable": true, "Labels": { "net": "sdk" },
            "IPAM": { "Driver": "default", "Config": [{ "Subnet": "10.77.0.0/16", "IPRange": "10.77.5.0/24", "Gateway": "10.77.5.254" }], "Options": {} },
            "Options": { "com.docker.network.driver.mtu": "1400" },
        });
        let made = docker.create_network(typed(wanted.clone())).await.expect("it can be made");
        tale.tell("made", &made);
        // Whether a name may be given twice, older versions left to a field that newer clients don't send.
        let again = json!({ "Name": "sdk-net-2", "Driver": "bridge", "IPAM": wanted["IPAM"] });
        tale.refused("overlapping", docker.create_network(typed(again)).await);
        if docker.client_version().minor_version >= 44 {
            docker.create_network(typed(wanted)).await.expect_err("the name is taken");
        }
        tale.refused(
            "a wrong driver",
            docker.create_network(typed(json!({ "Name": "sdk-x", "Driver": "none-such" }))).await,
        );
        engine.run("sdk-in-net", json!({ "Cmd": ["sleep", "100"] })).await;
        let how = json!({ "Container": "sdk-in-net", "EndpointConfig": { "Aliases": ["other"], "IPAMConfig": { "IPv4Address": "10.77.5.9" } } });
        docker.connect_network("sdk-net", typed(how.clone())).await.expect("it can be joined");
        tale.refused("again", docker.connect_network("sdk-net", typed(how)).await);
        let verbose = InspectNetworkOptionsBuilder::default().verbose(true).build();
        tale.tell("inspect", &docker.inspect_network("sdk-net", Some(verbose)).await.expect("it is there"));
        let seen = docker.inspect_container("sdk-in-net", None).await.expect("it is there");
        let mut endpoint = seen
            .network_settings
            .and_then(|all| all.networks)
            .and_then(|mut all| all.remove("sdk-net"))
            .expect("it is in it");
        // Whether the short id is among them, dockerd's version decides.
        endpoint.dns_names = None;
        assert_eq!(endpoint.ip_address.as_deref(), Some("10.77.5.9"));
        tale.tell("endpoint", &endpoint);
        tale.refused("remove", docker.remove_network("sdk-net").await);
        let leave = json!({ "Container": "sdk-in-net", "Force": true });
        docker.disconnect_network("sdk-net", typed(leave.clone())).await.expect("it can be left");
        tale.refused("leave again", docker.disconnect_network("sdk-net", typed(leave)).await);
        for (what, key, value) in [
            ("by name", "name", "sdk-net"),
            ("by label", "label", "net=sdk"),
            ("by driver", "driver", "host"),
            ("built in", "type", "builtin"),
        ] {
            let options = ListNetworksOptionsBuilder::default().filters(&filter(key, &[value])).build();
            let mut found = docker.list_networks(Some(options)).await.expect("they can be listed");
            found.sort_by(|a, b| a.name.cmp(&b.name));
            found.iter_mut().for_each(|network| network.ipam = None);
            tale.tell(what, &found);
        }
        docker.remove_network("sdk-net").await.expect("it can be removed");
        tale.refused("inspect", docker.inspect_network("sdk-net", None).await);
        tale.refused("remove", docker.remove_network("sdk-net").await);
        tale.refused("the bridge", docker.remove_network("bridge").await);
        docker
            .create_network(typed(json!({ "Name": "sdk-net-p", "Labels": { "prune": "sdk-net" } })))
            .await
            .expect("it can be made");
        let options =
            PruneNetworksOptionsBuilder::default().filters(&filter("label", &["prune=sdk-net"])).build();
        tale.tell("pruned", &docker.prune_networks(Some(options)).await.expect("they can be pruned"));
        engine.remove(&["sdk-in-net"]).await;
    });
}
