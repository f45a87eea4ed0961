//! Many variants of one question, asked side by side and judged by one rule.

use futures::future::join_all;

use super::{Checked, Context, Judgement, Outcome};
use crate::http::{Answer, Probe, Trouble};
use crate::run::{Evidence, EvidenceClass, Finding};

/// Exchanges of held cases that are kept as samples; flaws are all kept up to [`FLAWS_KEPT`].
const SAMPLES_KEPT: usize = 2;
/// Pieces of evidence that are kept at most of those that did not hold.
pub const FLAWS_KEPT: usize = 20;

/// One variant: what it is called, and what is sent.
#[derive(Clone, Debug)]
pub struct Case {
    /// The variant in a few words: `Origin: null on a 401`.
    pub name: String,
    /// The request.
    pub probe: Probe,
    /// Which sending of the same request this is, where it is repeated on purpose.
    pub turn: usize,
    /// Whether it is as good when the edge refuses it: what it asks for must be out of reach, whoever sees to that.
    closed_by_anybody: bool,
}

impl Case {
    /// A case.
    pub fn new(name: impl Into<String>, probe: Probe) -> Self {
        Self { name: name.into(), probe, turn: 0, closed_by_anybody: false }
    }

    /// The same request once more: a shared battery sends it again for each turn.
    #[must_use]
    pub fn in_turn(self, turn: usize) -> Self {
        Self { turn, ..self }
    }

    /// A case of something that nobody knows to be there: a refusal by the edge keeps it out of reach as well.
    #[must_use]
    pub fn closed_by_anybody(self) -> Self {
        Self { closed_by_anybody: true, ..self }
    }
}

/// Asks every case at once (the client bounds how many are in flight) and judges each answer. A refusal that the edge gave is no
/// evidence about the application, so it is unclear, unless the case is one of what must be out of reach. `noun` names the cases in the summary: "12 of 12 foreign origins as expected".
pub async fn battery(cx: &Context, noun: &str, cases: Vec<Case>, judge: impl Fn(&Case, &Answer) -> Judgement) -> Checked {
    let client = cx.client.one_of_many();
    let asked = join_all(cases.iter().map(|case| client.send(&case.probe))).await;
    concluded(noun, &cases, asked, judge)
}

/// `all` variants in one request, since whoever ignores each of them ignores them together; `each` alone where the service objects to the form
/// of that (400, 414, 422, 431), and in an exhaustive run.
pub async fn at_once_or_each(cx: &Context, all: Case, each: Vec<Case>) -> Result<Vec<Case>, Trouble> {
    let objects = |answer: &Answer| matches!(answer.status, 400 | 414 | 422 | 431);
    let alone = cx.exhaustive || objects(&cx.once(&all.probe).await?);
    Ok(if alone { each } else { vec![all] })
}

/// A [`battery`] of requests that other checks send as well: each that changes nothing is sent once in a run; see [`Context::once`].
pub async fn shared_battery(cx: &Context, noun: &str, cases: Vec<Case>, judge: impl Fn(&Case, &Answer) -> Judgement) -> Checked {
    let cx = &Context { client: cx.client.one_of_many(), ..cx.clone() };
    let asked = join_all(cases.iter().map(async |case| Ok(cx.once_in_turn(&case.probe, case.turn).await?.0))).await;
    concluded(noun, &cases, asked, judge)
}

fn concluded(
    noun: &str,
    cases: &[Case],
    asked: Vec<Result<Answer, Trouble>>,
    judge: impl Fn(&Case, &Answer) -> Judgement,
) -> Checked {
    let mut evidence = Vec::with_capacity(cases.len());
    for (case, answer) in cases.iter().zip(asked) {
        evidence.push(judged(case, answer, &judge)?);
    }
    Ok(summarise(noun, evidence))
}

fn judged(case: &Case, answer: Result<Answer, Trouble>, judge: impl Fn(&Case, &Answer) -> Judgement) -> Result<Evidence, Trouble> {
    match answer {
        Ok(answer) => {
            let judgement = judge(case, &answer);
            Ok(if case.closed_by_anybody {
                judgement.seen_anywhere(&answer, &case.name)
            } else {
                judgement.seen(&answer, &case.name)
            })
        }
        Err(trouble @ (Trouble::Transport(_) | Trouble::Timeout(_))) => {
            Ok(Evidence::of(EvidenceClass::Live, &case.name, Finding::Unclear, trouble.to_string()))
        }
        Err(trouble) => Err(trouble),
    }
}

/// Counts what was found and keeps what is worth keeping: flaws with their exchanges, two samples of what held.
pub(super) fn summarise(noun: &str, evidence: Vec<Evidence>) -> Outcome {
    let total = evidence.len();
    let count = |finding| evidence.iter().filter(|piece| piece.finding == finding).count();
    let mut summary = format!("{} of {total} {noun} as expected", count(Finding::Held));
    for (finding, words) in [(Finding::Broken, "broke it"), (Finding::Unclear, "could not be judged"), (Finding::Weak, "were weak")]
    {
        if let Some(first) = evidence.iter().find(|piece| piece.finding == finding) {
            summary.push_str(&format!("; {} {words}: {} ({})", count(finding), first.label, first.observed));
        }
    }
    let mut outcome = Outcome::of(summary, evidence);
    let mut kept = [0_usize; 2];
    outcome.evidence.retain_mut(|piece| keep(piece, &mut kept));
    outcome
}

fn keep(piece: &mut Evidence, [samples, flaws]: &mut [usize; 2]) -> bool {
    let (kept, most) = if piece.finding == Finding::Held { (samples, SAMPLES_KEPT) } else { (flaws, FLAWS_KEPT) };
    *kept += 1;
    *kept <= most
}
