//! The one reading of the repository that all checks of this suite share.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use secrecy::SecretString;
use tokio::sync::OnceCell;

use super::allow::{Allowlist, FILE};
use super::dotenv::{self, Kind};
use super::search::{Hit, Search, What};
use crate::checks::Context;
use crate::http::{Probe, Trouble};
use crate::repository::{Coverage, Place, Repository, Snapshot, State};
use crate::run::{Evidence, EvidenceClass, Finding};
use crate::watch::{release_at, same_commit};

/// A history that takes longer than this to read is read in part, and its absences are not concluded.
const PATIENCE: Duration = Duration::from_secs(40);
/// Hits of one kind that are kept; a repository with more has one problem, not ten thousand.
const MOST_HITS: usize = 200;

/// What the reading of a repository brought.
#[derive(Debug)]
pub(super) struct Scan {
    /// Everything found except the canary.
    pub(super) hits: Vec<Hit>,
    /// How much was read.
    pub(super) coverage: Coverage,
    /// How the work tree stands to HEAD.
    pub(super) state: State,
    /// The commit of HEAD.
    pub(super) head: Option<String>,
    /// Where the canary was taken from, and how often the search found it there.
    pub(super) canary: Option<(String, usize)>,
    /// What the operator accepts.
    pub(super) allowed: Allowlist,
    /// Files of environment variables, wherever they were found.
    pub(super) env_files: Vec<EnvFile>,
    /// Whether git would ignore a `.env` at the root.
    pub(super) ignores_env: bool,
    /// The commit that is live: as the operator named it, or else as the service says.
    pub(super) live: Option<String>,
}

/// A file of environment variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EnvFile {
    /// Where it was found.
    pub(super) place: Place,
    /// What it is for.
    pub(super) kind: Kind,
    /// Names of variables whose values look like real secrets.
    pub(super) real: Vec<String>,
}

impl EnvFile {
    fn of(place: &Place, text: &[u8]) -> Option<Self> {
        let kind = Kind::of(place.path()?)?;
        Some(Self { place: place.clone(), kind, real: dotenv::real_secrets(&String::from_utf8_lossy(text)) })
    }
}

impl Scan {
    /// Why the checkout cannot show that something is absent from the release, as evidence that leaves a check open.
    pub(super) fn reservations(&self) -> Vec<Evidence> {
        let open = |label: &str, why: String| Evidence::repository(label, Finding::Unclear, why);
        let state = self.state.reservation().map(|why| open("state of the checkout", why));
        let coverage = self.coverage.reservation().map(|why| open("reading the history", why));
        let release = match (&self.head, &self.live) {
            (None, _) => Some(open("HEAD", "there is no commit yet".into())),
            (Some(head), Some(live)) if !same_commit(head, live) => {
                let why = format!("HEAD is {head}, but {live} is live; check that commit out and run again");
                Some(Evidence::of(EvidenceClass::SelfReported, "HEAD and the live release", Finding::Unclear, why))
            }
            _ => None,
        };
        state.into_iter().chain(coverage).chain(release).collect()
    }

    /// What was read, and whether it is known to be the live release.
    pub(super) fn basis(&self) -> String {
        let release = match (&self.head, &self.live) {
            (Some(head), Some(live)) if same_commit(head, live) => "HEAD is the live release",
            (_, Some(_)) => "HEAD is not the live release",
            (_, None) => "which commit is live is not known, so this speaks for the checkout",
        };
        format!("{}; {release}", self.coverage.words())
    }
}

/// Holds the scan of a run: the first check that asks reads the repository, the others wait for it. Shared by clones.
#[derive(Clone, Default)]
pub struct ScanCell(Arc<OnceCell<Arc<Scan>>>);

impl fmt::Debug for ScanCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScanCell({})", if self.0.initialized() { "read" } else { "unread" })
    }
}

/// The scan of this run's repository.
pub(super) async fn of(cx: &Context) -> Result<Arc<Scan>, Trouble> {
    cx.inputs.scan.0.get_or_try_init(|| read(cx)).await.cloned()
}

/// Runs `work` on the opened repository where blocking is allowed. A dropped caller stops it through the flag.
pub(crate) async fn with_repository<T: Send + 'static>(
    cx: &Context,
    work: impl FnOnce(&Repository, &AtomicBool) -> Result<T, Trouble> + Send + 'static,
) -> Result<T, Trouble> {
    let root = cx.inputs.repository.clone().ok_or_else(|| Trouble::NotGiven("no repository was given".into()))?;
    let stop = Stop::default();
    let flag = Arc::clone(&stop.0);
    let task = tokio::task::spawn_blocking(move || work(&opened(&root)?, &flag));
    task.await.map_err(|_| Trouble::Unexpected("reading the repository failed; please report this as a bug".into()))?
}

fn opened(root: &Path) -> Result<Repository, Trouble> {
    Repository::open(root).map_err(|error| Trouble::Unexpected(error.to_string()))
}

/// Tells the blocking side to stop when the asking side goes away.
#[derive(Default)]
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

async fn read(cx: &Context) -> Result<Arc<Scan>, Trouble> {
    let live = live_commit(cx).await;
    let secrets = cx.inputs.secrets.clone();
    let mut scan = with_repository(cx, move |repository, stop| scan(repository, &secrets, stop)).await?;
    scan.live = live;
    Ok(Arc::new(scan))
}

/// The commit that the operator named, or the one that the live service says it was built from.
async fn live_commit(cx: &Context) -> Option<String> {
    if cx.inputs.commit.is_some() {
        return cx.inputs.commit.clone();
    }
    let answer = cx.send(&Probe::get(cx.target.release_path()?)).await.ok()?;
    release_at(&answer, &cx.target.release).commit
}

fn scan(repository: &Repository, secrets: &[(String, SecretString)], stop: &AtomicBool) -> Result<Scan, Trouble> {
    let failed = |error: crate::repository::RepositoryError| Trouble::Unexpected(error.to_string());
    let state = repository.state().map_err(failed)?;
    let snapshot = repository.snapshot().map_err(failed)?;
    let canary = canary(&snapshot);
    let words = canary.as_ref().map_or("", |(_, line)| line.as_str());
    let search = Search::new(secrets, words).ok_or_else(|| Trouble::Unexpected("the search does not compile".into()))?;
    let allowed =
        std::fs::read_to_string(repository.root().join(FILE)).map_or_else(|_| Allowlist::default(), |text| Allowlist::parse(&text));
    let (mut hits, mut env_files, mut found) = (Hits::default(), Vec::new(), 0);
    let until = Instant::now() + PATIENCE;
    let stopped = || stop.load(Ordering::Relaxed) || Instant::now() > until;
    let visit = |place: &Place, text: &[u8]| {
        env_files.extend(EnvFile::of(place, text));
        let (canaries, others): (Vec<_>, Vec<_>) = search.text(place, text).into_iter().partition(Hit::is_canary);
        let planted = canary.as_ref().is_some_and(|(path, _)| place.path() == Some(path));
        found += if planted { canaries.len() } else { 0 };
        for hit in others {
            hits.add(hit);
        }
    };
    let coverage = repository.read_all(&state, stopped, visit).map_err(failed)?;
    let canary = canary.map(|(path, _)| (path, found));
    let ignores_env = repository.ignores(".env").map_err(failed)?;
    Ok(Scan { hits: hits.kept, coverage, state, head: repository.head(), canary, allowed, env_files, ignores_env, live: None })
}

/// Collects hits: one for each kind and path, and of each kind no more than [`MOST_HITS`], so that none crowds out another.
#[derive(Default)]
struct Hits {
    kept: Vec<Hit>,
    seen: BTreeSet<(What, String)>,
    counts: BTreeMap<String, usize>,
}

impl Hits {
    fn add(&mut self, hit: Hit) {
        let kind = match &hit.what {
            What::Value { name, .. } => format!("value {name}"),
            What::Rule { id, .. } => format!("rule {id}"),
            What::Canary(_) => return,
        };
        // Texts without a path (messages) are each a place of their own.
        let place = hit.place.path().map_or_else(|| hit.place.words(), str::to_owned);
        let fresh = self.seen.insert((hit.what.clone(), place));
        let count = self.counts.entry(kind).or_default();
        if fresh && *count < MOST_HITS {
            *count += 1;
            self.kept.push(hit);
        }
    }
}

/// A line that is known to be in the tree, with its file: the search must find it, or its silence means nothing.
fn canary(snapshot: &Snapshot<'_>) -> Option<(String, String)> {
    let usual = ["README.md", "Cargo.toml", "package.json", "pyproject.toml", "Procfile", "LICENSE"];
    let candidates = usual.into_iter().filter(|path| snapshot.has(path)).chain(snapshot.paths());
    candidates.take(200).find_map(|path| {
        let text = String::from_utf8(snapshot.read(path)?).ok()?;
        let line = text.lines().map(str::trim).find(|line| (16..=200).contains(&line.len()) && line.is_ascii())?;
        Some((path.to_owned(), line.to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_hits_of_one_kind_do_not_crowd_out_another() {
        let place = |number: usize| Place::WorkTree { path: format!("{number}.txt") };
        let mut hits = Hits::default();
        for number in 0..2 * MOST_HITS {
            let what = What::Rule { id: "jwt", masked: "eyJ…".into() };
            hits.add(Hit { what, place: place(number), line: 1 });
        }
        let value = What::Value { name: "API_SALT".into(), form: "base64" };
        hits.add(Hit { what: value.clone(), place: place(0), line: 1 });
        hits.add(Hit { what: value.clone(), place: place(0), line: 9 });
        assert_eq!(hits.kept.len(), MOST_HITS + 1);
        assert_eq!(hits.kept.last().map(|hit| &hit.what), Some(&value));
    }
}
