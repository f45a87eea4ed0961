//! The questions of the suite, asked of the files of HEAD: what a builder that clones the repository gets.

use super::builder::{self, Start, Toolchain};
use super::command::{self, Command, Listening};
use super::parse::Procfile;
use crate::checks::secrets::with_repository;
use crate::checks::{Checked, Context, Outcome};
use crate::http::{Trouble, clean};
use crate::repository::Snapshot;
use crate::run::{Evidence, Finding};

const FILE: &str = "Procfile";

/// Asks `question` of the files of HEAD.
async fn of_head(cx: &Context, question: impl FnOnce(&Snapshot<'_>) -> Outcome + Send + 'static) -> Checked {
    let failed = |error: crate::repository::RepositoryError| Trouble::Unexpected(error.to_string());
    with_repository(cx, move |repository, _| Ok(question(&repository.snapshot().map_err(failed)?))).await
}

/// Files that only a service on Railway has.
const OF_RAILWAY: [&str; 4] = ["railway.json", "railway.toml", "railpack.json", "nixpacks.toml"];

/// What a habit of Railway's comes to: a finding where the service is known to run there, by its host or by a file; else a remark, since other
/// platforms do otherwise.
#[derive(Clone, Copy)]
struct Platform {
    by_host: bool,
}

impl Platform {
    fn of(cx: &Context) -> Self {
        Self { by_host: cx.target.base.host().ends_with(".railway.app") }
    }

    fn finding(self, snapshot: &Snapshot<'_>) -> Finding {
        let named =
            || OF_RAILWAY.iter().any(|path| snapshot.has(path)) || snapshot.paths().any(|path| path.starts_with(".railway/"));
        if self.by_host || named() { Finding::Broken } else { Finding::Weak }
    }
}

fn seen(finding: Finding, label: &str, words: impl Into<String>) -> Evidence {
    Evidence::repository(label, finding, clean(&words.into()))
}

/// An outcome of one observation.
fn one(finding: Finding, label: &str, words: impl Into<String>) -> Outcome {
    let words = clean(&words.into());
    Outcome::of(words.clone(), vec![seen(finding, label, words)])
}

fn procfile(snapshot: &Snapshot<'_>) -> Option<Procfile> {
    snapshot.text(FILE).map(|text| Procfile::parse(text.trim_start_matches('\u{feff}')))
}

fn web(snapshot: &Snapshot<'_>) -> Option<Command> {
    procfile(snapshot)?.web().map(Command::parse)
}

/// HEAD can be read and a planted Procfile is understood.
pub(super) async fn control(cx: Context) -> Checked {
    of_head(&cx, |snapshot| {
        let planted = Procfile::parse("# planted\nweb: ./bin/planted\n");
        let understood = planted.web() == Some("./bin/planted") && Command::parse("./bin/planted").name() == "planted";
        let files = snapshot.paths().count();
        let found = if snapshot.has(FILE) { "a Procfile among them" } else { "no Procfile among them" };
        match (understood, files) {
            (true, 1..) => {
                one(Finding::Held, "files of HEAD", format!("{files} files were read, {found}; a planted Procfile is understood"))
            }
            _ => one(Finding::Unclear, "files of HEAD", "HEAD has no files, so nothing can be said about how it starts"),
        }
    })
    .await
}

/// Other files that say how a service starts.
const OTHER_STARTS: &[&str] = &[
    "Dockerfile",
    "railpack.json",
    "railway.json",
    "railway.toml",
    "fly.toml",
    "render.yaml",
    "app.yaml",
    "vercel.json",
    "docker-compose.yml",
    "compose.yaml",
];

/// A Procfile at the root declares `web`.
pub(super) async fn declared(cx: Context) -> Checked {
    let platform = Platform::of(&cx);
    of_head(&cx, move |snapshot| {
        let Some(procfile) = procfile(snapshot) else { return without(snapshot, platform) };
        let webs: Vec<_> = procfile.of("web").collect();
        let mut evidence: Vec<_> =
            procfile.strange.iter().map(|line| seen(Finding::Weak, FILE, format!("{line}, so the builder skips it"))).collect();
        let (finding, words) = match webs.as_slice() {
            [] => (Finding::Broken, "it declares no `web` process".to_owned()),
            _ if procfile.web().is_none() => (Finding::Broken, "`web` has no command".to_owned()),
            [one] => (Finding::Held, format!("web: {one}")),
            many => (Finding::Weak, format!("`web` is declared {} times; the last one counts", many.len())),
        };
        evidence.push(seen(finding, FILE, words.clone()));
        Outcome::of(clean(&words), evidence)
    })
    .await
}

fn without(snapshot: &Snapshot<'_>, platform: Platform) -> Outcome {
    let misnamed = snapshot.paths().find(|path| path.eq_ignore_ascii_case(FILE) || path.eq_ignore_ascii_case("Procfile.txt"));
    let other = OTHER_STARTS.iter().copied().find(|path| snapshot.has(path)).or_else(|| npm_start(snapshot));
    match (misnamed, other) {
        (Some(path), _) => one(Finding::Broken, path, format!("the file must be called exactly Procfile, not {path}")),
        (None, Some(other)) => one(Finding::Weak, FILE, format!("there is none; {other} may say how the service starts")),
        (None, None) => one(
            platform.finding(snapshot),
            FILE,
            "there is none at the root: where Railway builds this, the start is left to its guess",
        ),
    }
}

/// The file of a Node project with a script `start`, which builders run.
fn npm_start(snapshot: &Snapshot<'_>) -> Option<&'static str> {
    let package: serde_json::Value = serde_json::from_str(&snapshot.text("package.json")?).ok()?;
    package.pointer("/scripts/start")?.as_str().map(|_| "package.json")
}

/// `web` starts what the builder ships.
pub(super) async fn program(cx: Context) -> Checked {
    of_head(&cx, |snapshot| {
        let Some(command) = web(snapshot) else { return no_web() };
        match builder::start(snapshot, &command) {
            Start::Ships(words) => one(Finding::Held, &command.program, words),
            Start::Missing(words) => one(Finding::Broken, &command.program, words),
            Start::Development(words) => one(Finding::Weak, &command.program, words),
            Start::Unknown(words) => Outcome::skip(words),
        }
    })
    .await
}

fn no_web() -> Outcome {
    Outcome::skip("no Procfile declares `web`")
}

/// `web` listens on the platform's PORT.
pub(super) async fn port(cx: Context) -> Checked {
    of_head(&cx, |snapshot| {
        let Some(command) = web(snapshot) else { return no_web() };
        match command::listening(&command) {
            Listening::OnPort(words) => one(Finding::Held, FILE, words),
            Listening::Elsewhere(words) => one(Finding::Broken, FILE, words),
            Listening::ByProgram => match source_of_port(snapshot) {
                Some(path) => one(Finding::Held, &path, "the command fixes no port, and the source reads PORT"),
                None => one(Finding::Weak, FILE, "the command fixes no port, but no source file names PORT"),
            },
        }
    })
    .await
}

/// A source file that names the variable PORT.
fn source_of_port(snapshot: &Snapshot<'_>) -> Option<String> {
    let code = [
        "rs",
        "py",
        "js",
        "ts",
        "mjs",
        "cjs",
        "go",
        "rb",
        "java",
        "kt",
        "cs",
        "php",
        "properties",
        "yml",
        "yaml",
        "ex",
        "exs",
        "sh",
    ];
    let sources = snapshot.paths().filter(|path| path.rsplit_once('.').is_some_and(|(_, extension)| code.contains(&extension)));
    // As a text, as a member of the environment, in a shell, taken out of an object, and in a schema of one.
    let forms = ["\"PORT\"", "'PORT'", "env.PORT", "${PORT", "$PORT", "{ PORT", ", PORT", "{PORT", " PORT:"];
    let names = |text: &str| forms.iter().any(|form| text.contains(form));
    let settings = |path: &str, text: &str| {
        path.rsplit('.').next() == Some("py") && text.lines().any(|line| line.trim_start().to_lowercase().starts_with("port:"))
    };
    sources
        .take(2_000)
        .find(|path| snapshot.text(path).is_some_and(|text| names(&text) || settings(path, &text)))
        .map(str::to_owned)
}

/// Nothing takes the Procfile's place.
pub(super) async fn shadowed(cx: Context) -> Checked {
    let platform = Platform::of(&cx);
    of_head(&cx, move |snapshot| {
        let Some(procfile) = procfile(snapshot) else { return no_web() };
        let mut evidence = Vec::new();
        let mut note = |file: &str, finding, words: &str| {
            if snapshot.has(file) {
                evidence.push(seen(finding, file, words));
            }
        };
        note("Dockerfile", platform.finding(snapshot), "Railway builds with a root Dockerfile wherever there is one, and then the Procfile is dead");
        let ends = "Railway reads it only until 2026-12-01, and until then it overrides the settings; move them to .railway/railway.ts or the service";
        note("railway.toml", Finding::Weak, ends);
        note("railway.json", Finding::Weak, ends);
        note("nixpacks.toml", Finding::Weak, "Nixpacks is gone; Railpack does not read it");
        evidence.extend(railpack_start(snapshot, procfile.web()));
        evidence.push(seen(Finding::Held, FILE, "read by Railpack where nothing else names a start command"));
        let worst = evidence.iter().max_by_key(|piece| piece.finding);
        let summary = worst.map_or_else(String::new, |piece| format!("{}: {}", piece.label, piece.observed));
        Outcome::of(summary, evidence)
    })
    .await
}

/// A start command in railpack.json comes before the Procfile's.
fn railpack_start(snapshot: &Snapshot<'_>, web: Option<&str>) -> Option<Evidence> {
    let start = builder::railpack(snapshot)?.pointer("/deploy/startCommand")?.as_str()?.to_owned();
    let repeats = web == Some(start.as_str());
    let finding = if repeats { Finding::Weak } else { Finding::Broken };
    let words = if repeats { "the same as the Procfile's, and" } else { "another one, which" };
    Some(seen(finding, "railpack.json", format!("has a start command, {words} comes first: `{start}`")))
}

/// No process is declared that never runs.
pub(super) async fn processes(cx: Context) -> Checked {
    let platform = Platform::of(&cx);
    of_head(&cx, move |snapshot| {
        let Some(procfile) = procfile(snapshot) else { return no_web() };
        let unrun = platform.finding(snapshot);
        let judge = |process: &super::parse::Process| match process.name.as_str() {
            "web" => seen(Finding::Held, "web", "runs"),
            "release" => {
                seen(unrun, "release", "never runs on Railway, which has no release phase; make it the pre-deploy command")
            }
            other => seen(Finding::Weak, other, "does not run beside `web`: it needs a service of its own"),
        };
        let evidence: Vec<_> = procfile.processes.iter().map(judge).collect();
        let worst = evidence.iter().max_by_key(|piece| piece.finding);
        let summary = worst.map_or_else(|| "no process".to_owned(), |piece| format!("{}: {}", piece.label, piece.observed));
        Outcome::of(summary, evidence)
    })
    .await
}

/// The toolchain is pinned.
pub(super) async fn toolchain(cx: Context) -> Checked {
    of_head(&cx, |snapshot| match builder::toolchain(snapshot) {
        Toolchain::Pinned(words) => one(Finding::Held, "toolchain", words),
        Toolchain::Floating(words) => one(Finding::Weak, "toolchain", words),
        Toolchain::TooOld(words) => one(Finding::Broken, "toolchain", words),
        Toolchain::None => Outcome::skip("no stack whose toolchain could be pinned is known here"),
    })
    .await
}
