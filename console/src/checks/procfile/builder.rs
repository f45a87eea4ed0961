//! What Railpack makes of a repository: which program the image holds, and with which toolchain it is built.
//!
//! Facts are from Railpack's own source (providers `rust`, `node`, `python`, `procfile`) and documentation.

use toml::Table;

use super::command::Command;
use crate::repository::Snapshot;

/// Rust that Railpack installs when nothing names a version.
const DEFAULT_RUST: (u32, u32) = (1, 89);

/// What a start command comes to in the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// It starts what the builder ships.
    Ships(String),
    /// It starts something that the image does not hold.
    Missing(String),
    /// It is meant for development.
    Development(String),
    /// This stack is not known here.
    Unknown(String),
}

/// Judges a start command against the files of the repository.
pub(super) fn start(snapshot: &Snapshot<'_>, command: &Command) -> Start {
    let name = command.name();
    let path = command.program.trim_start_matches("./");
    match name {
        "cargo" => Start::Missing("the image holds the built program, not cargo and the target directory".into()),
        _ if path.starts_with("target/") => {
            Start::Missing(format!("{path} does not exist in the image: Railpack leaves `target/` out"))
        }
        _ if snapshot.has("Cargo.toml") && path.starts_with("bin/") => rust(snapshot, path),
        "node" | "bun" | "deno" | "tsx" | "ts-node" => script(snapshot, command, &["dist/", "build/", ".next/", "out/"]),
        "npm" | "yarn" | "pnpm" => package_script(snapshot, command),
        "uvicorn" | "gunicorn" | "hypercorn" | "daphne" if command.option(&["--reload"]).is_some() || has(command, "--reload") => {
            Start::Development(format!("{name} --reload is for development"))
        }
        "uvicorn" | "gunicorn" | "hypercorn" | "daphne" => asgi(snapshot, command),
        "fastapi" | "flask" | "next" if has(command, "dev") => Start::Development(format!("{name} dev is for development")),
        _ if has(command, "runserver") => Start::Development("runserver is Django's development server".into()),
        _ if name.starts_with("python") => script(snapshot, command, &[]),
        _ if command.program.contains('/') && !path.starts_with('/') => file(snapshot, path),
        _ => Start::Unknown(format!("`{name}` is not a program that Railpack's rules are known for")),
    }
}

fn has(command: &Command, word: &str) -> bool {
    command.arguments.iter().any(|argument| argument == word)
}

fn file(snapshot: &Snapshot<'_>, path: &str) -> Start {
    let built = path.starts_with("bin/") || path.starts_with("build/") || path == "out";
    match () {
        () if snapshot.has(path) => Start::Ships(format!("{path} is in the repository")),
        () if built => Start::Unknown(format!("{path} would come from a build that is not known here")),
        () => Start::Missing(format!("{path} is not in the repository")),
    }
}

/// The program that Railpack copies to `bin/` for a Rust project.
pub(super) fn rust_program(snapshot: &Snapshot<'_>) -> Option<String> {
    let root: Table = snapshot.text("Cargo.toml")?.parse().ok()?;
    if let Some(chosen) =
        railpack(snapshot).as_ref().and_then(|config| config.pointer("/rust/workspace")?.as_str().map(str::to_owned))
    {
        return Some(chosen);
    }
    let package = |table: &Table| Some(table.get("package")?.get("name")?.as_str()?.to_owned());
    let Some(workspace) = root.get("workspace") else { return package(&root) };
    let list = |key: &str| workspace.get(key).and_then(toml::Value::as_array).into_iter().flatten();
    let members: Vec<_> = list("default-members").chain(list("members")).filter_map(toml::Value::as_str).collect();
    let member =
        members.iter().flat_map(|member| expanded(snapshot, member)).find(|member| snapshot.has(&format!("{member}/src/main.rs")));
    match member {
        Some(member) => package(&snapshot.text(&format!("{member}/Cargo.toml"))?.parse().ok()?),
        None => package(&root).filter(|_| snapshot.has("src/main.rs")),
    }
}

/// `crates/*` as the directories below `crates` that have a manifest.
fn expanded(snapshot: &Snapshot<'_>, member: &str) -> Vec<String> {
    let Some(parent) = member.strip_suffix("/*") else { return vec![member.trim_end_matches('/').to_owned()] };
    let manifests = snapshot.paths().filter_map(|path| path.strip_suffix("/Cargo.toml"));
    manifests.filter(|path| path.rsplit_once('/').is_some_and(|(above, _)| above == parent)).map(str::to_owned).collect()
}

fn rust(snapshot: &Snapshot<'_>, path: &str) -> Start {
    match rust_program(snapshot) {
        Some(program) if path == format!("bin/{program}") => {
            Start::Ships(format!("Railpack builds {program} and copies it to {path}"))
        }
        Some(program) => Start::Missing(format!(
            "Railpack ships bin/{program}, the first member with a src/main.rs; {path} is not in the image (reorder `members` or set \
             RAILPACK_CARGO_WORKSPACE)"
        )),
        None => Start::Missing("no member of the workspace has a src/main.rs".into()),
    }
}

/// `node dist/main.js`, `python app.py`: a file of the repository, or what a build makes.
fn script(snapshot: &Snapshot<'_>, command: &Command, built: &[&str]) -> Start {
    let Some(named) = command.plain().find(|word| *word != "run").map(|word| word.trim_start_matches("./")) else {
        return Start::Unknown("it names no file".into());
    };
    if has(command, "-m") {
        return module(snapshot, command, named);
    }
    let path = command.within(named);
    let there = snapshot.has(&path) || snapshot.has(&format!("{path}.js")) || snapshot.has(&format!("{path}/index.js"));
    let builds = || package_json(snapshot, command).is_some_and(|json| json.pointer("/scripts/build").is_some());
    match built.iter().any(|directory| named.starts_with(directory)) {
        _ if there => Start::Ships(format!("{path} is in the repository")),
        true if builds() => Start::Ships(format!("{path} comes from the build script")),
        true => Start::Missing(format!("{path} is not in the repository, and package.json has no build script to make it")),
        false => Start::Missing(format!("{path} is not in the repository")),
    }
}

fn package_json(snapshot: &Snapshot<'_>, command: &Command) -> Option<serde_json::Value> {
    serde_json::from_slice(&snapshot.read(&command.within("package.json"))?).ok()
}

/// `npm start`, `npm run serve`, `yarn serve`.
fn package_script(snapshot: &Snapshot<'_>, command: &Command) -> Start {
    let script = command.plain().find(|word| *word != "run").unwrap_or("start");
    let found =
        package_json(snapshot, command).and_then(|json| json.pointer(&format!("/scripts/{script}"))?.as_str().map(str::to_owned));
    match found {
        Some(line) if ["nodemon", "next dev", "vite dev", "--watch"].iter().any(|word| line.contains(word)) => {
            Start::Development(format!("the script `{script}` is for development: {}", crate::http::clean(&line)))
        }
        Some(_) => Start::Ships(format!("package.json has the script `{script}`")),
        None => Start::Missing(format!("package.json has no script `{script}`")),
    }
}

/// `uvicorn app.main:app`, perhaps with `--app-dir`.
fn asgi(snapshot: &Snapshot<'_>, command: &Command) -> Start {
    let Some(application) =
        command.plain().find(|word| word.contains(':') && !word.contains('$') && !word.contains("//") && !word.starts_with("0."))
    else {
        return Start::Unknown("it names no application".into());
    };
    let name = application.split(':').next().unwrap_or_default();
    let directory =
        command.option(&["--app-dir", "--chdir", "--pythonpath"]).map(|path| format!("{}/", path.trim_matches(['.', '/'])));
    let prefix = directory.filter(|path| path != "/").unwrap_or_default();
    match module(snapshot, command, &format!("{prefix}{name}")) {
        Start::Missing(_) => module(snapshot, command, &format!("src/{name}")),
        found => found,
    }
}

fn module(snapshot: &Snapshot<'_>, command: &Command, name: &str) -> Start {
    let path = command.within(&name.replace('.', "/"));
    let candidates = [format!("{path}.py"), format!("{path}/__init__.py"), format!("{path}/__main__.py")];
    match candidates.iter().find(|path| snapshot.has(path)) {
        Some(path) => Start::Ships(format!("{path} is in the repository")),
        None => Start::Missing(format!("{path}.py is not in the repository")),
    }
}

/// `railpack.json`, if there is one.
pub(super) fn railpack(snapshot: &Snapshot<'_>) -> Option<serde_json::Value> {
    serde_json::from_slice(&snapshot.read("railpack.json")?).ok()
}

/// With what the program will be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Toolchain {
    /// A named version.
    Pinned(String),
    /// Whatever the builder's default is on the day.
    Floating(String),
    /// A default that is known to be too old.
    TooOld(String),
    /// No stack that needs one.
    None,
}

/// Where each stack's version may be pinned; the first file that exists counts.
const PINS: &[(&str, &[&str])] = &[
    ("package.json", &[".nvmrc", ".node-version", ".tool-versions", "mise.toml", ".mise.toml"]),
    ("pyproject.toml", &[".python-version", "runtime.txt", ".tool-versions", "mise.toml", "Pipfile"]),
    ("requirements.txt", &[".python-version", "runtime.txt", ".tool-versions", "mise.toml", "Pipfile"]),
    ("go.mod", &["go.mod"]),
];

/// The toolchain that Railpack will use.
pub(super) fn toolchain(snapshot: &Snapshot<'_>) -> Toolchain {
    if snapshot.has("Cargo.toml") {
        return rust_toolchain(snapshot);
    }
    let Some((marker, pins)) = PINS.iter().find(|(marker, _)| snapshot.has(marker)) else { return Toolchain::None };
    let engines = *marker == "package.json"
        && package_json(snapshot, &Command::default()).is_some_and(|json| json.pointer("/engines/node").is_some());
    match pins.iter().find(|pin| snapshot.has(pin)) {
        Some(pin) => Toolchain::Pinned(format!("pinned by {pin}")),
        None if engines => Toolchain::Pinned("pinned by `engines` in package.json".into()),
        None => Toolchain::Floating(format!("none of {} pins the version, so it changes with the builder", pins.join(", "))),
    }
}

fn rust_toolchain(snapshot: &Snapshot<'_>) -> Toolchain {
    let channel = snapshot.text("rust-toolchain.toml").and_then(|text| {
        let table: Table = text.parse().ok()?;
        Some(table.get("toolchain")?.get("channel")?.as_str()?.to_owned())
    });
    let plain = || snapshot.text("rust-toolchain").or_else(|| snapshot.text(".rust-version")).map(|text| text.trim().to_owned());
    let needed = needed_rust(snapshot);
    match channel.or_else(plain) {
        Some(channel) if version(&channel).is_some() => Toolchain::Pinned(format!("pinned to {channel}")),
        Some(channel) => Toolchain::Floating(format!("the channel `{}` is no version", crate::http::clean(&channel))),
        None if needed.is_some_and(|needed| needed > DEFAULT_RUST) => {
            let (major, minor) = needed.unwrap_or(DEFAULT_RUST);
            let (default_major, default) = DEFAULT_RUST;
            Toolchain::TooOld(format!(
                "no rust-toolchain.toml: Railpack's default is {default_major}.{default}, but the project needs {major}.{minor}"
            ))
        }
        None => Toolchain::Floating("no rust-toolchain.toml, so the version changes with the builder".into()),
    }
}

/// `rust-version` of the root package or the workspace.
fn needed_rust(snapshot: &Snapshot<'_>) -> Option<(u32, u32)> {
    let root: Table = snapshot.text("Cargo.toml")?.parse().ok()?;
    let of = |table: Option<&toml::Value>| version(table?.get("rust-version")?.as_str()?);
    of(root.get("package")).or_else(|| of(root.get("workspace")?.get("package")))
}

/// `1.95` or `1.95.0` as major and minor.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim().split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}
