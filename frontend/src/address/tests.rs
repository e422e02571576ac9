use super::*;

fn read(address: &str) -> Place {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    Place::read(path, query)
}

fn view(address: &str) -> View {
    match read(address) {
        Place::Image(view) => *view,
        other => panic!("{address}: {other:?}"),
    }
}

#[test]
fn reads_reference_layer_and_path() {
    let cases: [(&str, &str, Option<usize>, &[u8]); 8] = [
        ("/image/demo:latest", "demo:latest", None, b""),
        ("/image/demo:latest/layer/3/etc/nginx", "demo:latest", Some(2), b"etc/nginx"),
        ("/image/127.0.0.1:5000/a/b:1/layer/1", "127.0.0.1:5000/a/b:1", Some(0), b""),
        ("/image/demo/files/etc/a%20b%FF", "demo", None, b"etc/a b\xff"),
        ("/image/demo/files/", "demo", None, b""),
        ("/image/a/%6Cayer/3:x/layer/2/layer/9", "a/layer/3:x", Some(1), b"layer/9"),
        ("/image/a/layer/x:1", "a/layer/x:1", None, b""),
        ("/image/a@sha256:ab/", "a@sha256:ab", None, b""),
    ];
    for (address, reference, layer, path) in cases {
        let view = view(address);
        assert_eq!((view.reference.as_str(), view.layer, &*view.path), (reference, layer, path), "{address}");
    }
}

#[test]
fn prints_what_it_reads() {
    let full = View {
        reference: "127.0.0.1:5000/layer/files/x:1@sha256:ab".into(),
        layer: Some(2),
        merged: true,
        path: b"etc/100%/\xff?#&".to_vec(),
        upto: Some(4),
        off: vec![0, 3],
        no_ghosts: true,
        hide: Some(Marks { added: true, unmodified: true, ..Marks::default() }),
        filter: "*.so & +1".into(),
        tab: Some(Tab::Hex),
        from: Some(1),
        waste: true,
        by_size: true,
        no_attributes: true,
        surgery: true,
        remote: true,
        platform: "linux/arm/v7".into(),
    };
    let plain = View { path: b"files/layer/1".to_vec(), hide: Some(Marks::default()), ..View::of("demo") };
    for view in [full, plain, View::of("demo:latest")] {
        let place = Place::Image(Box::new(view));
        assert_eq!(read(&place.print()), place, "{}", place.print());
    }
    let container = Container { list: true, ..Container::of("web") };
    for place in [
        Place::Images { filter: "a b&c".into() },
        Place::Containers { filter: "a b&c".into() },
        Place::Sharing { image: "127.0.0.1:5000/a:1".into() },
        Place::Sharing { image: String::new() },
        Place::Containers { filter: String::new() },
        Place::Container(Box::new(container)),
    ] {
        assert_eq!(read(&place.print()), place);
    }
}

#[test]
fn nonsense_is_nowhere_or_default() {
    assert_eq!(read("/imag"), Place::Nowhere("/imag".into()));
    assert_eq!(read("/image/"), Place::Nowhere("/image/".into()));
    assert_eq!(read("/container/"), Place::Nowhere("/container/".into()));
    assert_eq!(read("/image/%FF"), Place::Nowhere("/image/\u{fffd}".into()));
    let view = view("/image/demo?off=0,x,5,5&upto=-1&hide=&tab=elf&from=99999999999999999999999");
    assert_eq!((view.off, view.upto, view.tab, view.from), (vec![4], None, None, None));
    assert_eq!(view.hide, Some(Marks::default()));
}

#[test]
fn a_layers_own_view_hides_what_it_left_alone() {
    assert!(view("/image/demo/layer/1").hidden_marks().unmodified);
    assert!(!view("/image/demo/layer/1?view=merged").hidden_marks().unmodified);
    assert!(!view("/image/demo/layer/1?hide=none").hidden_marks().unmodified);
    let mut own = view("/image/demo/layer/1?hide=AU");
    own.leave_out(Marks { unmodified: true, ..Marks::default() });
    assert_eq!(own.hide, None);
    own.leave_out(Marks::default());
    assert_eq!(own.hide, Some(Marks::default()));
    assert!(!view("/image/demo?upto=2&off=1").is_on(0));
    assert!(view("/image/demo?upto=2&off=1").is_on(1));
    assert!(!view("/image/demo?upto=2&off=1").is_on(2));
}
