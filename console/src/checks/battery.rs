//! Many variants of one question, asked side by side and judged by one rule.

use futures::future::join_all;

use super::{Checked, Context, Judgement, Outcome};
use crate::http::{Answer, Probe, Trouble};
use crate::run::{Evidence, EvidenceClass, Finding, Source};

/// Exchanges of held cases that are kept as samples; flaws are all kept up to [`FLAWS_KEPT`].
const SAMPLES_KEPT: usize = 2;
/// Pieces of evidence that are kept at most of those that did not hold.
pub const FLAWS_KEPT: usize = 20;

/// What stands before the names of the others that held.
const ALSO: &str = "also asked, and as expected";
/// Characters of such a name at most.
const LONGEST_NAME: usize = 80;

/// One variant: what it is called, and what is sent.
#[derive(Clone, Debug)]
pub struct Case {
    /// The variant in a few words: `Origin: null on a 401`.
    pub name: String,
    /// The request.
    pub probe: Probe,
    /// Which sending of the same request this is, where it is repeated on purpose.
    pub turn: usize,
    at_the_edge: AtTheEdge,
    beside_others: bool,
}

/// What it is worth when the edge refuses a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AtTheEdge {
    /// Nothing: the application was not asked.
    Nothing,
    /// As much as a refusal by the application, once another case of the battery reached that.
    BesideOthers,
    /// As much as a refusal by the application.
    Everything,
}

impl Case {
    /// A case.
    pub fn new(name: impl Into<String>, probe: Probe) -> Self {
        Self { name: name.into(), probe, turn: 0, at_the_edge: AtTheEdge::Nothing, beside_others: false }
    }

    /// The same request once more: a shared battery sends it again for each turn.
    #[must_use]
    pub fn in_turn(self, turn: usize) -> Self {
        Self { turn, ..self }
    }

    /// The same question, put another way.
    #[must_use]
    pub fn put_as(&self, name: impl Into<String>, probe: Probe) -> Self {
        Self { name: name.into(), probe, ..self.clone() }
    }

    /// A case of something that nobody knows to be there: a refusal by the edge keeps it out of reach as well.
    #[must_use]
    pub fn closed_by_anybody(self) -> Self {
        Self { at_the_edge: AtTheEdge::Everything, ..self }
    }

    /// A case on a route with a limit of its own, such as the sign-in: where that is used up, the others tell enough without it.
    #[must_use]
    pub fn beside_others(self) -> Self {
        Self { beside_others: true, ..self }
    }

    /// A case in a form that fronts turn away by themselves, whatever stands behind them (NUL, dot segments, words of SQL): nobody can put it to
    /// the application there, so that a refusal by the edge is as good, as long as other cases of the battery reach the application.
    #[must_use]
    pub fn of_an_odd_form(self) -> Self {
        Self { at_the_edge: AtTheEdge::BesideOthers, ..self }
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
    let asked = shared_answers(cx, &cases).await;
    concluded(noun, &cases, asked, judge)
}

/// The answers to the cases of a [`shared_battery`].
pub(super) async fn shared_answers(cx: &Context, cases: &[Case]) -> Vec<Result<Answer, Trouble>> {
    let cx = &Context { client: cx.client.one_of_many(), ..cx.clone() };
    join_all(cases.iter().map(async |case| Ok(cx.once_in_turn(&case.probe, case.turn).await?.0))).await
}

/// Judges the answers to `cases`.
pub(super) fn concluded(
    noun: &str,
    cases: &[Case],
    asked: Vec<Result<Answer, Trouble>>,
    judge: impl Fn(&Case, &Answer) -> Judgement,
) -> Checked {
    let judged = |(case, asked): (&Case, Result<Answer, Trouble>)| asked.map(|answer| (judge(case, &answer), answer));
    let judged: Vec<_> = cases.iter().zip(asked).map(judged).collect();
    let reached = |(judgement, answer): &(Judgement, Answer)| judgement.finding == Finding::Held && answer.source != Source::Edge;
    let reached = judged.iter().flatten().any(reached);
    let (spared, judged): (Vec<_>, Vec<_>) =
        cases.iter().zip(judged).partition(|(case, judged)| reached && is_spared(case, judged));
    let broke =
        judged.iter().filter_map(|(_, judged)| judged.as_ref().ok()).any(|(judgement, _)| judgement.finding == Finding::Broken);
    // What was seen to be broken stays so, whatever ended the asking.
    if let Some(trouble) = judged.iter().filter_map(|(_, judged)| judged.as_ref().err()).find(|trouble| ends(trouble) && !broke) {
        return Err(trouble.clone());
    }
    let evidence = judged.into_iter().map(|(case, judged)| match judged {
        Ok((judgement, answer)) => seen(case, judgement, &answer, reached),
        Err(trouble) => Evidence::of(EvidenceClass::Live, &case.name, Finding::Unclear, trouble.to_string()),
    });
    let outcome = summarise(noun, evidence.collect());
    Ok(spared.iter().fold(outcome, |outcome, (case, _)| outcome.and_says(&format!("; limited, and not asked: {}", case.name))))
}

/// Whether nothing more can be asked after this trouble.
const fn ends(trouble: &Trouble) -> bool {
    !matches!(trouble, Trouble::Transport(_) | Trouble::Timeout(_))
}

/// Whether the limit of its own route kept a case from being asked that others can stand for.
fn is_spared<T>(case: &Case, judged: &Result<T, Trouble>) -> bool {
    case.beside_others && judged.as_ref().is_err_and(Trouble::is_limit)
}

/// Evidence of one answer. `reached`: another case of the battery reached the application.
fn seen(case: &Case, judgement: Judgement, answer: &Answer, reached: bool) -> Evidence {
    let turned_away = judgement.finding == Finding::Held && answer.source == Source::Edge;
    match case.at_the_edge {
        AtTheEdge::BesideOthers if turned_away && reached => {
            Judgement::held(format!("{}: turned away by the edge", answer.status)).seen_anywhere(answer, &case.name)
        }
        AtTheEdge::Everything => judgement.seen_anywhere(answer, &case.name),
        AtTheEdge::BesideOthers | AtTheEdge::Nothing => judgement.seen(answer, &case.name),
    }
}

/// Counts what was found and keeps what is worth keeping: flaws with their exchanges, two samples of what held, and the names of all others that
/// did.
pub(super) fn summarise(noun: &str, evidence: Vec<Evidence>) -> Outcome {
    let mut outcome = counted(noun, evidence);
    let held = outcome.evidence.iter().filter(|piece| piece.finding == Finding::Held).skip(SAMPLES_KEPT);
    let others: Vec<_> = held.map(|piece| piece.label.chars().take(LONGEST_NAME).collect::<String>()).collect();
    let mut kept = [0_usize; 2];
    outcome.evidence.retain_mut(|piece| keep(piece, &mut kept));
    if !others.is_empty() {
        outcome.evidence.push(Evidence::of(EvidenceClass::Live, ALSO, Finding::Held, others.join("; ")));
    }
    outcome
}

/// Counts what was found, and names the first of each kind that is not as expected.
pub(super) fn counted(noun: &str, evidence: Vec<Evidence>) -> Outcome {
    let count = |finding| evidence.iter().filter(|piece| piece.finding == finding).count();
    let mut summary = format!("{} of {} {noun} as expected", count(Finding::Held), evidence.len());
    for (finding, words) in [(Finding::Broken, "broke it"), (Finding::Unclear, "could not be judged"), (Finding::Weak, "weak")] {
        if let Some(first) = evidence.iter().find(|piece| piece.finding == finding) {
            summary.push_str(&format!("; {} {words}: {} ({})", count(finding), first.label, first.observed));
        }
    }
    Outcome::of(summary, evidence)
}

fn keep(piece: &mut Evidence, [samples, flaws]: &mut [usize; 2]) -> bool {
    let (kept, most) = if piece.finding == Finding::Held { (samples, SAMPLES_KEPT) } else { (flaws, FLAWS_KEPT) };
    *kept += 1;
    *kept <= most
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Verdict;

    #[test]
    fn whatever_was_asked_is_named() {
        let held = |name: &str| Evidence::of(EvidenceClass::Live, name, Finding::Held, "401");
        let evidence = summarise("cases", ["a", "b", "c", "d"].map(held).into()).evidence;
        let told: Vec<_> = evidence.iter().map(|piece| (piece.label.as_str(), piece.observed.as_str())).collect();
        assert_eq!(told, [("a", "401"), ("b", "401"), (ALSO, "c; d")]);
    }

    #[test]
    fn a_limit_of_one_route_spares_what_others_stand_for_and_no_trouble_hides_what_was_broken() {
        let limited = || Err(Trouble::AskedToWait { wait: std::time::Duration::from_mins(15), said: String::new() });
        let answered = || Ok(Answer::canned(400, &[], ""));
        let judged = |cases: &[Case], asked: Vec<Result<Answer, Trouble>>, finding| {
            concluded("cases", cases, asked, |_, answer| Judgement { finding, observed: answer.status.to_string() })
        };
        let plain = Case::new("a list", Probe::get("/tasks"));
        let cases = [plain.clone(), Case::new("a sign-in", Probe::get("/login")).beside_others()];
        let outcome = judged(&cases, vec![answered(), limited()], Finding::Held).expect("a judgement of the list");
        assert_eq!((outcome.verdict, outcome.summary.contains("not asked: a sign-in")), (Verdict::Pass, true));
        assert_eq!(judged(&cases, vec![limited(), answered()], Finding::Held), Err(limited().expect_err("trouble")));
        let outcome = judged(&[plain.clone(), plain], vec![Err(Trouble::Deadline), answered()], Finding::Broken);
        assert_eq!(outcome.map(|outcome| outcome.verdict), Ok(Verdict::Fail));
    }

    #[test]
    fn what_the_edge_turns_away_counts_only_beside_what_reached_the_service_and_only_in_an_odd_form() {
        let answer = |source| Ok(Answer { source, ..Answer::canned(403, &[], "") });
        let case = |name: &str| Case::new(name, Probe::get("/"));
        let verdict = |cases: &[Case], sources: &[Source]| {
            let asked = sources.iter().map(|source| answer(*source)).collect();
            concluded("cases", cases, asked, |_, answer| Judgement::held(answer.status.to_string())).map(|outcome| outcome.verdict)
        };
        let odd = [case("plain"), case("odd").of_an_odd_form()];
        assert_eq!(verdict(&odd, &[Source::Unknown, Source::Edge]), Ok(Verdict::Pass));
        assert_eq!(verdict(&odd, &[Source::Edge, Source::Edge]), Ok(Verdict::Inconclusive));
        assert_eq!(verdict(&odd, &[Source::Edge, Source::App]), Ok(Verdict::Inconclusive));
        assert_eq!(verdict(&[case("closed").closed_by_anybody()], &[Source::Edge]), Ok(Verdict::Pass));
    }
}
