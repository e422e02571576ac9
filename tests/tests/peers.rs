//! What Strata makes of a pulled image equals, file by file, what dockerd and umoci make of it.
//!
//! The image is [`strata_tests::odd`]. It is pushed to docker-registry by skopeo in docker and OCI form, with gzip, zstd
//! and plain layers; each is pulled by Strata, its layer directories are mounted by the kernel, and the union is compared
//! with dockerd's and umoci's, and with the union that the layer model computes from the indexes.

use std::{
    collections::BTreeMap,
    os::unix::{
        ffi::{OsStrExt, OsStringExt},
        fs::FileExt,
    },
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, OnceLock},
};

use strata_forge::{Built, Compression, Image, Layer};
use strata_layer::{Kind, LayerIndex, LayerSet, Stack, Union};

use strata_tests::{
    Docker, DockerRegistry, Dockerd, NetNs, Scratch, Skopeo, Strata, fixture,
    mount::{Marks, Overlay},
    odd, run, skip_without,
    skopeo::Form,
    umoci,
    walk::{Facts, Tree, differences, walk},
};

struct Bench {
    netns: Arc<NetNs>,
    registry: DockerRegistry,
    skopeo: Skopeo,
    layout: PathBuf,
    image: Built,
    /// The image's files as dockerd has them.
    dockerd: Tree,
    /// As umoci unpacks them.
    umoci: Tree,
    _scratch: Scratch,
}

fn bench() -> &'static Bench {
    static BENCH: OnceLock<Bench> = OnceLock::new();
    BENCH.get_or_init(|| {
        let netns = NetNs::new();
        let registry = DockerRegistry::start(Some(&netns));
        let skopeo = Skopeo::new(Some(&netns));
        let scratch = Scratch::new("peers");
        let layout = scratch.join("layout");
        let image = odd::odd().build();
        fixture::layout(&image, &layout, "odd");
        skopeo.push_as(&layout, "odd", &registry.name("odd"), Form::Docker);
        let dockerd = Dockerd::start(&netns);
        let docker = Docker::new(&dockerd.socket());
        docker.run(&["pull", &registry.name("odd")]).ok();
        let driver = docker.run(&[
            "image",
            "inspect",
            "--format",
            "{{json .GraphDriver.Data}}",
            &registry.name("odd"),
        ]);
        let driver = driver.ok().json();
        let lowers = driver["LowerDir"].as_str().expect("it has three layers").split(':');
        let upper = driver["UpperDir"].as_str().expect("overlay2 names it");
        let mut layers: Vec<PathBuf> = std::iter::once(upper).chain(lowers).map(PathBuf::from).collect();
        layers.reverse();
        let union = Overlay::mount(&layers, Marks::Trusted);
        let dockerd = walk(&union.path());
        let unpacked = umoci::unpack(&layout, "odd", &scratch.join("bundle"));
        let umoci = walk(&unpacked);
        Bench { netns, registry, skopeo, layout, image, dockerd, umoci, _scratch: scratch }
    })
}

/// Directories that no entry of any layer names; each tool gives them metadata of its own.
const IMPLIED: [&str; 3] = ["implied", "implied/by", "implied/by/a"];

/// Directories that a lower layer lists and a higher one only implies. The union of directories that dockerd and Strata
/// leave to the kernel gives them the higher layer's made-up metadata; umoci and Strata's index keep the lower layer's.
const IMPLIED_ABOVE: [&str; 7] = ["devices", "emptied", "links", "merged", "merged/sub", "names", "opaque"];

fn among(path: &Path, list: &[&str]) -> bool {
    list.iter().any(|other| Path::new(other) == path)
}

fn implied(path: &Path) -> bool {
    let deep = Path::new("names/directory-of-a-deep-path");
    let deep = path.starts_with(deep) && path.file_name() == deep.file_name();
    deep || path.as_os_str().is_empty() || among(path, &IMPLIED)
}

fn owner_and_mode(a: &Facts, b: &Facts) -> bool {
    (a.kind, a.mode, a.uid, a.gid) == (b.kind, b.mode, b.uid, b.gid)
}

/// As the kernel joins directories: like dockerd's. A directory that no entry names has no time to compare, and
/// dockerd's own mode for it.
fn same_in_kernel(path: &Path, a: &Facts, b: &Facts) -> bool {
    match path {
        path if implied(path) => a.kind == b.kind,
        path if among(path, &IMPLIED_ABOVE) => owner_and_mode(a, b),
        _ => a == b,
    }
}

/// As umoci unpacks, one layer over the other.
fn same_in_turn(path: &Path, a: &Facts, b: &Facts) -> bool {
    match path {
        path if implied(path) => a.kind == b.kind,
        // umoci touches the parent when it deletes.
        path if among(path, &IMPLIED_ABOVE) => owner_and_mode(a, b),
        _ => a == b,
    }
}

#[track_caller]
fn assert_same(lines: &[String]) {
    assert!(lines.is_empty(), "{} differences:\n{}", lines.len(), lines.join("\n"));
}

fn needs() -> bool {
    skip_without(&["dockerd", "docker-registry", "skopeo", "umoci", "docker"])
}

/// Without this the other tests would prove less than they say.
#[test]
fn the_peers_agree_with_each_other() {
    if needs() {
        return;
    }
    let bench = bench();
    assert!(bench.dockerd.len() > 130, "{} paths", bench.dockerd.len());
    let same = |path: &Path, a: &Facts, b: &Facts| {
        if implied(path) || among(path, &IMPLIED_ABOVE) { a.kind == b.kind } else { a == b }
    };
    assert_same(&differences(("dockerd", &bench.dockerd), ("umoci", &bench.umoci), same));
}

/// The layers of an image in Strata's store, bottom first: diff ids.
fn layers(docker: &Docker, name: &str) -> Vec<String> {
    let run = docker.run(&["image", "inspect", "--format", "{{json .RootFS.Layers}}", name]).ok();
    serde_json::from_str(run.text()).expect("an array of digests")
}

fn directories(strata: &Strata, diff_ids: &[String]) -> Vec<PathBuf> {
    let directory = |id: &String| strata.data().join("layers").join(&id["sha256:".len()..]).join("fs");
    diff_ids.iter().map(directory).collect()
}

/// Pulls `name` and compares the kernel's union of the layer directories with dockerd's, and the model's union of the
/// indexes with umoci's.
#[track_caller]
fn pull_and_compare(bench: &Bench, name: &str) {
    let strata = Strata::start_in(&bench.netns);
    let docker = Docker::new(&strata.socket());
    docker.run(&["pull", name]).ok();
    let layers = layers(&docker, name);
    let ours: Vec<String> = bench.image.layers.iter().map(|layer| layer.diff_id.to_string()).collect();
    assert_eq!(layers, ours, "the layers keep their identity");

    let union = Overlay::mount(&directories(&strata, &layers), Marks::Trusted);
    let mounted = walk(&union.path());
    assert_same(&differences(("strata", &mounted), ("dockerd", &bench.dockerd), same_in_kernel));

    let indexed = indexed(&strata, &layers);
    let contents: BTreeMap<&PathBuf, u128> = bench
        .umoci
        .iter()
        .filter(|(_, facts)| facts.kind == 'f' && facts.size > 0)
        .map(|(path, _)| (path, xxhash(&union.path().join(path))))
        .collect();
    let (tree, hashes): (Tree, BTreeMap<PathBuf, u128>) = indexed;
    let same = |path: &Path, a: &Facts, b: &Facts| {
        // The index has its own hash of contents, compared below.
        let a = Facts { content: b.content.clone(), ..a.clone() };
        same_in_turn(path, &a, b)
    };
    assert_same(&differences(("index", &tree), ("umoci", &bench.umoci), same));
    for (path, hash) in contents {
        assert_eq!(hashes.get(path), Some(&hash), "hash of {}", path.display());
    }
}

fn xxhash(path: &Path) -> u128 {
    xxhash_rust::xxh3::xxh3_128(&std::fs::read(path).expect("root may read it"))
}

/// The live tree of the union that the model makes of the layers' indexes as the server hands them out.
fn indexed(strata: &Strata, diff_ids: &[String]) -> (Tree, BTreeMap<PathBuf, u128>) {
    let index = |id: &String| {
        let answer = strata.get(&format!("/api/layers/{id}/index"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        Arc::new(LayerIndex::decode(&answer.body).expect("the server's index can be read"))
    };
    let stack = Stack::new(diff_ids.iter().map(index).collect());
    let union = Union::of(&stack, &LayerSet::all(stack.len()));
    let (mut tree, mut hashes) = (Tree::new(), BTreeMap::new());
    let mut inodes: BTreeMap<(u32, Vec<u8>), Vec<PathBuf>> = BTreeMap::new();
    for (number, node) in union.nodes().iter().enumerate().filter(|(_, node)| !node.is_ghost()) {
        let entry = union.entry(number as u32);
        let path = PathBuf::from(std::ffi::OsString::from_vec(union.path(number as u32).as_bytes().to_vec()));
        let kind = match entry.resolved_kind() {
            Kind::File => 'f',
            Kind::Directory => 'd',
            Kind::Symlink => 'l',
            Kind::CharDevice => 'c',
            Kind::BlockDevice => 'b',
            Kind::Fifo => 'p',
            other => panic!("{other:?} is no live file: {}", path.display()),
        };
        let target = entry.hardlink().map_or_else(|| entry.path(), |target| target.path());
        if kind != 'd' {
            inodes.entry((node.layer, target.as_bytes().to_vec())).or_default().push(path.clone());
        }
        if kind == 'f' {
            hashes.insert(path.clone(), entry.hash());
        }
        let device = |d: strata_layer::Device| rustix::fs::makedev(d.major, d.minor);
        let facts = Facts {
            kind,
            mode: entry.mode().into(),
            uid: entry.uid(),
            gid: entry.gid(),
            mtime: (entry.mtime().seconds, entry.mtime().nanos.into()),
            size: entry.size(),
            target: entry.symlink().map(|target| std::ffi::OsStr::from_bytes(target).to_owned()),
            rdev: if matches!(kind, 'c' | 'b') { entry.device().map_or(0, device) } else { 0 },
            xattrs: entry
                .xattrs()
                .iter()
                .map(|x| (std::ffi::OsString::from_vec(x.name.to_vec()), x.value.to_vec()))
                .collect(),
            content: None,
            links: Vec::new(),
        };
        tree.insert(path, facts);
    }
    for group in inodes.into_values() {
        for path in &group {
            let mut others: Vec<PathBuf> = group.iter().filter(|other| *other != path).cloned().collect();
            others.sort();
            tree.get_mut(path).expect("it was just put there").links = others;
        }
    }
    (tree, hashes)
}

#[test]
fn pushed_by_skopeo_in_docker_form() {
    if !needs() {
        pull_and_compare(bench(), &bench().registry.name("odd"));
    }
}

#[test]
fn pushed_by_skopeo_in_oci_form() {
    if needs() {
        return;
    }
    let name = bench().registry.name("odd-oci");
    bench().skopeo.push_as(&bench().layout, "odd", &name, Form::Oci);
    assert!(bench().skopeo.raw(&name).stdout.contains("vnd.oci.image.layer.v1.tar+gzip"));
    pull_and_compare(bench(), &name);
}

#[test]
fn pushed_by_skopeo_with_zstd() {
    if needs() {
        return;
    }
    let name = bench().registry.name("odd-zstd");
    bench().skopeo.push_as(&bench().layout, "odd", &name, Form::OciZstd);
    let manifest = bench().skopeo.raw(&name).stdout;
    assert!(manifest.contains("+zstd"), "{manifest}");
    pull_and_compare(bench(), &name);
}

#[test]
fn pushed_as_made() {
    if needs() {
        return;
    }
    use strata_forge::Form::{Docker, Oci};
    let cases = [
        ("plain-oci", Oci, Compression::None),
        ("plain-docker", Docker, Compression::None),
        ("zstd", Oci, Compression::Zstd(3)),
        ("gzip-docker", Docker, Compression::Gzip(9)),
    ];
    for (name, form, compression) in cases {
        let image = odd::odd().form(form).compression(compression).build();
        let name = bench().registry.name(name);
        fixture::push(&bench().skopeo, &image, &name);
        pull_and_compare(bench(), &name);
    }
}

/// What [`odd`] leaves out because dockerd and umoci can't: archives that GNU tar made of sparse files, in each of its
/// forms, with times before 1970 and empty values of attributes.
#[test]
fn what_tar_archived() {
    if needs() {
        return;
    }
    let bench = bench();
    let scratch = Scratch::new("tar");
    let files = scratch.dir("files");
    let sparse = |name: &str, runs: u64| {
        let file = std::fs::File::create(files.join(name)).expect("the scratch directory is writable");
        for run in 0..runs {
            file.write_all_at(format!("run {run}").as_bytes(), 4096 + run * 65_536)
                .expect("the file is writable");
        }
        // More runs than a header holds, a hole at the end, and an odd size.
        file.set_len(runs * 65_536 + 100_001).expect("the file is writable");
    };
    sparse("one-run", 1);
    sparse("many-runs", 90);
    sparse("only-a-hole", 0);
    std::fs::write(files.join("before-1970"), "x").expect("the scratch directory is writable");
    run(Command::new("touch").args(["-d", "1969-12-30T00:00:00.25Z"]).arg(files.join("before-1970"))).ok();
    run(Command::new("setfattr").args(["-n", "user.empty"]).arg(files.join("one-run"))).ok();
    let original = walk(&files);
    let strata = Strata::start_in(&bench.netns);
    let docker = Docker::new(&strata.socket());
    let forms: [(&str, &[&str]); 4] = [
        ("gnu", &["--format=gnu"]),
        ("pax-0-0", &["--format=pax", "--sparse-version=0.0", "--xattrs"]),
        ("pax-0-1", &["--format=pax", "--sparse-version=0.1", "--xattrs"]),
        ("pax-1-0", &["--format=pax", "--sparse-version=1.0", "--xattrs"]),
    ];
    for (form, arguments) in forms {
        let tar = scratch.join(form);
        run(Command::new("tar").args(arguments).arg("-Scf").arg(&tar).arg("-C").arg(&files).arg(".")).ok();
        let archive = std::fs::read(&tar).expect("it was just written");
        let name = bench.registry.name(&format!("tar-{form}"));
        let image = Image::new().layer("ADD", Layer::new().unterminated().raw(archive)).build();
        fixture::push(&bench.skopeo, &image, &name);
        docker.run(&["pull", &name]).ok();
        let union = Overlay::mount(&directories(&strata, &layers(&docker, &name)), Marks::Trusted);
        let same = |_: &Path, a: &Facts, b: &Facts| {
            let plain = form == "gnu";
            // The old form has neither fractions of seconds nor attributes.
            let time = if plain { a.mtime.0 == b.mtime.0 } else { a.mtime == b.mtime };
            let without = |facts: &Facts| Facts { mtime: (0, 0), xattrs: BTreeMap::new(), ..facts.clone() };
            time && without(a) == without(b) && (plain || a.xattrs == b.xattrs)
        };
        let ours = walk(&union.path());
        assert_same(&differences((form, &ours), ("the files", &original), same));
    }
}
