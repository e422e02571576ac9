//! The server, its images, and a browser at the page.

use serde_json::json;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use strata_faulty_registry::FaultyRegistry;
use strata_forge::{Entry, Image, Layer};
use strata_tests::{Browser, Docker, Strata, fixture, http::Request, skip_without};

/// A server with images, and the registry that they are from.
pub(crate) struct Site {
    pub(crate) strata: Strata,
    pub(crate) registry: FaultyRegistry,
}

pub(crate) fn site() -> &'static Site {
    static SITE: OnceLock<Site> = OnceLock::new();
    SITE.get_or_init(|| {
        let site = Site { strata: Strata::start(), registry: FaultyRegistry::start() };
        let docker = Docker::new(&site.strata.socket());
        for (name, image) in
            [("demo", fixture::demo()), ("other", fixture::other()), ("hostile", hostile()), ("wide", wide())]
        {
            fixture::offer(&site.registry, &image.build(), name);
            docker.run(&["pull", "-q", &site.name(name)]).ok();
            docker.run(&["tag", &site.name(name), name]).ok();
        }
        site
    })
}

impl Site {
    pub(crate) fn name(&self, name: &str) -> String {
        format!("{}/{name}", self.registry.domain())
    }
}

/// An image in which everything that is shown tries to be more than text.
pub(crate) fn hostile() -> Image {
    let evil = "<img src=x onerror='window.pwned=1'>";
    let layer = Layer::new()
        .dir("d")
        .file(format!("d/{}", evil.replace('/', "")), evil)
        .file("d/a\u{202e}gpj.exe", "x")
        .file(b"d/\x1b[31mred\x07", "x")
        .file(b"d/\xff\xfe", "x")
        .symlink("d/link", format!("javascript:alert(1)//{evil}"))
        .with(Entry::file("d/page.html", "<script>window.pwned=2</script>").xattr("user.<b>", "<script>window.pwned=3</script>"))
        .file("d/picture.svg", "<svg xmlns='http://www.w3.org/2000/svg' onload='window.pwned=4'><script>window.pwned=5</script></svg>");
    Image::new()
        .layer(&format!("RUN echo {evil} </script><script>window.pwned=6</script>\u{202e}\u{7}"), layer)
        .row(&format!("LABEL x={evil}"))
        .config(|config| {
            let labels = json!({ "Labels": { evil: evil }, "Env": [evil], "Cmd": [evil], "User": evil });
            *config = serde_json::from_value(labels).expect("that is a container config");
        })
        .author(evil)
}

/// Twenty thousand files, in one directory most of them.
pub(crate) fn wide() -> Image {
    let mut layer = Layer::new().dir("many");
    for number in 0..20_000 {
        layer.push(Entry::file(format!("many/file-{number:05}"), "x"));
    }
    Image::new().layer("COPY many /many", layer).layer("RUN rm", Layer::new().whiteout("many/file-00001"))
}

/// A browser, one at a time: two cores don't carry more.
pub(crate) struct Visit {
    pub(crate) browser: Browser,
    pub(crate) _turn: MutexGuard<'static, ()>,
}

impl std::ops::Deref for Visit {
    type Target = Browser;

    fn deref(&self) -> &Browser {
        &self.browser
    }
}

/// A new browser at `path` of the site, let in by a ticket; `None` if this machine has no browser.
pub(crate) fn visit(path: &str) -> Option<Visit> {
    if skip_without(&["chromedriver", "chromium", "docker"]) {
        None
    } else {
        Some(enter(&site().strata, path))
    }
}

/// A new browser at `path` of a server.
pub(crate) fn enter(strata: &Strata, path: &str) -> Visit {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let ticket = strata.ask(Request::new("POST", "/api/tickets")).json();
    let browser = Browser::start();
    browser.open(ticket["url"].as_str().expect("the address for a browser"));
    browser.wait(&id("brand"));
    if path != "/" {
        browser.open(&format!("{}{path}", strata.home()));
    }
    Visit { browser, _turn: turn }
}

/// What the console says, without what Chromium says of every page whose preloads have an `integrity`.
pub(crate) fn complaints(browser: &Browser) -> Vec<String> {
    browser.console().into_iter().filter(|line| !line.contains("crbug.com/981419")).collect()
}

/// A selector for a test id.
pub(crate) fn id(name: &str) -> String {
    format!("[data-testid='{name}']")
}

impl Visit {
    /// The page never complained: no errors, no violations of the content security policy, no failed requests.
    #[track_caller]
    pub(crate) fn finish(&self, scene: &str) {
        self.picture(scene);
        let console = complaints(self);
        assert!(console.is_empty(), "the console isn't empty: {console:#?}");
    }

    pub(crate) fn open_demo(&self) {
        self.click(&format!("{} a[href='/image/demo:latest']", id("image-row")));
        self.wait(&id("row"));
    }

    /// The tree's rows as they are drawn: name, change, whether a ghost, text.
    pub(crate) fn rows(&self) -> Vec<(String, String, bool, String)> {
        let script = "return [...document.querySelectorAll(\"[data-testid='row']\")].map(r => [
            r.querySelector('.file-name').innerText, r.dataset.change, r.classList.contains('ghost'), r.innerText])";
        serde_json::from_value(self.eval(script, vec![])).expect("rows have that shape")
    }

    /// Waits for the row of that name, ghost or not, and clicks it.
    #[track_caller]
    pub(crate) fn click_row(&self, name: &str, ghost: bool) {
        let find = format!(
            "[...document.querySelectorAll(\"[data-testid='row']\")].find(r => r.classList.contains('ghost') === {ghost}
                && r.querySelector('.file-name').innerText === {})",
            json!(name)
        );
        self.wait_for(&format!("a row {name}"), &format!("!!({find})"));
        self.eval(&format!("({find}).setAttribute('data-found', 'yes')"), vec![]);
        self.click("[data-found='yes']");
        self.eval(
            "document.querySelectorAll('[data-found]').forEach(e => e.removeAttribute('data-found'))",
            vec![],
        );
    }

    /// Unfolds everything.
    pub(crate) fn unfold(&self) {
        self.eval("document.querySelector(\"[data-testid='tree']\").focus()", vec![]);
        self.keys("e");
    }
}
