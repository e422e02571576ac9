//! Headless Chromium, driven by its WebDriver.
//!
//! All calls block: a test reads as the steps of a person at the page.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use thirtyfour::{
    ChromiumLikeCapabilities, DesiredCapabilities, LoggingPrefsLogLevel, TypingData, WebDriver,
};
use tokio::runtime::{self, Runtime};

use crate::{Daemon, Scratch};

/// How long the page may take to show what a test waits for.
const PATIENCE: Duration = Duration::from_secs(15);

/// A browser with one page and an empty profile.
pub struct Browser {
    runtime: Runtime,
    driver: Option<WebDriver>,
    daemon: Daemon,
    scratch: Scratch,
}

impl Browser {
    /// Starts one with a window of 1280×800.
    #[track_caller]
    pub fn start() -> Self {
        let scratch = Scratch::new("browser");
        let mut command = Command::new("chromedriver");
        command
            .args(["--port=0", "--log-level=WARNING"])
            .env("HOME", scratch.path())
            .env_remove("http_proxy");
        let mut daemon = Daemon::start(&mut command, &scratch.join("log"));
        let port = daemon.wait_for(|log| {
            let (_, rest) = log.split_once("successfully on port ")?;
            rest.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u16>().ok()
        });
        let runtime =
            runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
        let driver =
            runtime.block_on(WebDriver::new(format!("http://127.0.0.1:{port}"), capabilities(&scratch)));
        let driver = driver.unwrap_or_else(|e| panic!("chromium doesn't start: {e}\n{}", daemon.log()));
        Self { runtime, driver: Some(driver), daemon, scratch }
    }

    fn driver(&self) -> &WebDriver {
        self.driver.as_ref().expect("it is there until drop")
    }

    /// Opens `url` and waits until it has loaded.
    #[track_caller]
    pub fn open(&self, url: &str) {
        self.runtime.block_on(self.driver().goto(url)).unwrap_or_else(|e| panic!("cannot open {url}: {e}"));
    }

    /// The page's address.
    pub fn address(&self) -> String {
        self.runtime.block_on(self.driver().current_url()).expect("the page has an address").into()
    }

    /// One step back in the history.
    pub fn back(&self) {
        self.runtime.block_on(self.driver().back()).expect("the browser can go back");
    }

    /// One step forward.
    pub fn forward(&self) {
        self.runtime.block_on(self.driver().forward()).expect("the browser can go forward");
    }

    /// Loads the page anew.
    pub fn reload(&self) {
        self.runtime.block_on(self.driver().refresh()).expect("the browser can reload");
    }

    /// Runs the body of a JavaScript function with `arguments` and returns what it returns.
    #[track_caller]
    pub fn eval(&self, body: &str, arguments: Vec<Value>) -> Value {
        let ret = self.runtime.block_on(self.driver().execute(body, arguments));
        ret.unwrap_or_else(|e| panic!("script failed: {e}\n{body}")).json().clone()
    }

    /// Runs the body of an asynchronous function; `done` is its last argument, to be called with the result.
    #[track_caller]
    pub fn eval_async(&self, body: &str, arguments: Vec<Value>) -> Value {
        let body = format!("const done = arguments[arguments.length - 1];\n{body}");
        let ret = self.runtime.block_on(self.driver().execute_async(body.as_str(), arguments));
        ret.unwrap_or_else(|e| panic!("script failed: {e}\n{body}")).json().clone()
    }

    /// Waits until the JavaScript expression is truthy and returns it.
    #[track_caller]
    pub fn wait_for(&self, what: &str, expression: &str) -> Value {
        let begun = Instant::now();
        loop {
            let value = self.eval(&format!("return ({expression})"), vec![]);
            if !matches!(value, Value::Null | Value::Bool(false)) && value != json!(0) && value != json!("") {
                return value;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "the page doesn't show {what}: {expression}\nat {}\n{}\n{}",
                self.address(),
                self.text("body"),
                self.console().join("\n")
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until something visible matches the selector.
    #[track_caller]
    pub fn wait(&self, selector: &str) {
        let expression =
            format!("(e => e && e.getClientRects().length)(document.querySelector({}))", json!(selector));
        self.wait_for(selector, &expression);
    }

    /// Waits until nothing visible matches the selector.
    #[track_caller]
    pub fn wait_gone(&self, selector: &str) {
        let visible = format!(
            "[...document.querySelectorAll({})].every(e => !e.getClientRects().length)",
            json!(selector)
        );
        self.wait_for(&format!("no {selector}"), &visible);
    }

    /// Waits until the first match's text contains `text`.
    #[track_caller]
    pub fn wait_text(&self, selector: &str, text: &str) {
        let expression = format!(
            "[...document.querySelectorAll({})].some(e => e.innerText.includes({}))",
            json!(selector),
            json!(text)
        );
        self.wait_for(&format!("{text:?} in {selector}"), &expression);
    }

    /// Text of the first match as it is shown; empty without one.
    pub fn text(&self, selector: &str) -> String {
        let value =
            self.eval("return document.querySelector(arguments[0])?.innerText ?? ''", vec![json!(selector)]);
        value.as_str().unwrap_or_default().to_owned()
    }

    /// Texts of all matches.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let script = "return [...document.querySelectorAll(arguments[0])].map(e => e.innerText)";
        serde_json::from_value(self.eval(script, vec![json!(selector)])).unwrap_or_default()
    }

    /// How many elements match.
    pub fn count(&self, selector: &str) -> u64 {
        self.eval("return document.querySelectorAll(arguments[0]).length", vec![json!(selector)])
            .as_u64()
            .unwrap_or(0)
    }

    /// An attribute of the first match.
    pub fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        let script = "return document.querySelector(arguments[0])?.getAttribute(arguments[1])";
        self.eval(script, vec![json!(selector), json!(name)]).as_str().map(str::to_owned)
    }

    /// Waits for the first visible match and clicks it with the mouse, as a person would.
    #[track_caller]
    pub fn click(&self, selector: &str) {
        self.wait(selector);
        let click = async {
            let all = self.driver().find_all(thirtyfour::By::Css(selector)).await?;
            for element in &all {
                if element.is_displayed().await? {
                    return element.click().await;
                }
            }
            Ok(())
        };
        self.runtime.block_on(click).unwrap_or_else(|e| panic!("cannot click {selector}: {e}"));
    }

    /// Clears the first match, an input, and types `text` into it.
    #[track_caller]
    pub fn fill(&self, selector: &str, text: &str) {
        self.wait(selector);
        let fill = async {
            let element = self.driver().find(thirtyfour::By::Css(selector)).await?;
            element.clear().await?;
            element.send_keys(text).await
        };
        self.runtime.block_on(fill).unwrap_or_else(|e| panic!("cannot type into {selector}: {e}"));
    }

    /// Types text or a special key ([`thirtyfour::Key`]) to whatever has the focus.
    #[track_caller]
    pub fn keys(&self, keys: impl Into<TypingData>) {
        let chain = self.driver().action_chain().send_keys(keys);
        self.runtime.block_on(chain.perform()).expect("keys can be typed");
    }

    /// Sets the size of the view in CSS pixels, small ones too.
    pub fn resize(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.cdp("Emulation.setDeviceMetricsOverride", size);
    }

    /// Prefers `light` or `dark`.
    pub fn prefer_scheme(&self, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.cdp("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// Sends a command of Chromium's devtools protocol.
    #[track_caller]
    pub fn cdp(&self, method: &str, parameters: Value) -> Value {
        let answer = self.runtime.block_on(self.driver().cdp().send_raw(method, parameters));
        answer.unwrap_or_else(|e| panic!("{method}: {e}"))
    }

    /// What the page and the browser have written to the console since the last call.
    pub fn console(&self) -> Vec<String> {
        let entries = self.runtime.block_on(self.driver().browser_log()).expect("the log can be read");
        entries.into_iter().map(|entry| format!("{:?} {}", entry.level, entry.message)).collect()
    }

    /// A picture of the page in `target/screens/NAME.png`, for a person to look at.
    pub fn picture(&self, name: &str) {
        let Some(dir) = std::env::var_os("STRATA_SCREENS") else { return };
        let dir = Path::new(&dir);
        fs::create_dir_all(dir).expect("the directory for pictures can be made");
        let taken = self.runtime.block_on(self.driver().screenshot(&dir.join(format!("{name}.png"))));
        taken.expect("a picture can be taken");
    }
}

fn capabilities(scratch: &Scratch) -> thirtyfour::Capabilities {
    let mut capabilities = DesiredCapabilities::chrome();
    let profile = format!("--user-data-dir={}", scratch.join("profile").display());
    let arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--lang=en-US",
        "--window-size=1280,800",
        "--no-proxy-server",
        &profile,
    ];
    for argument in arguments {
        capabilities.add_arg(argument).expect("an argument is a string");
    }
    capabilities.set_browser_log_level(LoggingPrefsLogLevel::All).expect("a level is a string");
    capabilities.into()
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(driver) = self.driver.take() {
            // Bounded: a hung browser must not hang the tests.
            let _ = self
                .runtime
                .block_on(async { tokio::time::timeout(Duration::from_secs(5), driver.quit()).await });
        }
        self.daemon.terminate();
        kill_those_with(&self.scratch.join("profile"));
    }
}

/// Kills the processes that have our profile on their command line: Chromium's, if the driver left them.
fn kill_those_with(profile: &Path) {
    let marker = profile.to_string_lossy().into_owned();
    let Ok(processes) = fs::read_dir("/proc") else { return };
    for entry in processes.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if String::from_utf8_lossy(&line).contains(&marker)
            && let Some(pid) = Pid::from_raw(pid)
        {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}
