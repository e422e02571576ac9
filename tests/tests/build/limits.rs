//! 127 layers, and not one more.

use crate::scene::{build, context, scene};

#[test]
fn an_image_has_127_layers_and_not_one_more() {
    let Some(scene) = scene() else { return };
    let client = scene.client();
    let copies = |count: usize| {
        let steps: String = (0..count).map(|n| format!("COPY f /{n}\n")).collect();
        format!("FROM scratch\n{steps}")
    };
    let files = context(&[("Dockerfile", &copies(127)), ("Too.many", &copies(128)), ("f", "x\n")]);
    build(&client, files.path(), &["-q", "-t", "tall"]).ok();
    let layers = client.run(&["image", "inspect", "--format", "{{len .RootFS.Layers}}", "tall"]).ok();
    assert_eq!(layers.text(), "127");
    let refused = build(&client, files.path(), &["-f", "Too.many"]).fails();
    assert!(refused.stderr.contains("step 129 (COPY f /127) would make layer 128"), "{refused}");
    assert!(!refused.stdout.contains("Step 1/"), "no work was done: {refused}");
    // Also on a base that has as many already.
    crate::scene::write(files.path(), "Dockerfile", 0o644, "FROM tall\nENV a=b\nWORKDIR /new\n");
    let refused = build(&client, files.path(), &[]).fails();
    assert!(refused.stderr.contains("step 3 (WORKDIR /new) would make layer 128"), "{refused}");
    crate::scene::write(files.path(), "Dockerfile", 0o644, "FROM tall\nENV a=b\nWORKDIR /\nCMD x\n");
    build(&client, files.path(), &[]).ok();
}
