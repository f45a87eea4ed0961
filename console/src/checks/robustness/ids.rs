//! Ids that are none: not found or refused, and never by failing.

use super::super::specimens;
use super::super::{Case, Checked, Context, Judgement, Outcome, shared_battery};
use super::ask::failed;
use crate::http::{Answer, Probe, Trouble};
use crate::run::{Evidence, EvidenceClass, Finding, Source};

const NUL: &str = "an id with NUL";
const BEYOND_32: &str = "a number beyond 32 bits";
const BEYOND_64: &str = "a number beyond 64 bits";
/// What drivers of databases raise on, and correct stock backends pass through.
const STOCK: [&str; 4] = [NUL, BEYOND_32, BEYOND_64, HUGE_PAGES];

const HUGE_PAGES: &str = "a page beyond all numbers";
/// Pages that no number of a database holds.
const HUGE: &str = "limit=99999999999999999999&offset=99999999999999999999&skip=99999999999999999999&page=99999999999999999999";

/// Names and path segments.
fn ids() -> Vec<(&'static str, String)> {
    let ids = [
        ("a word", "not-an-id"),
        ("a negative number", "-1"),
        (BEYOND_32, "2147483648"),
        (BEYOND_64, "99999999999999999999"),
        (NUL, "%00"),
        ("an emoji", "%F0%9F%92%A9"),
        ("broken UTF-8", "%ff%fe"),
    ];
    let long = ("a long id", "a".repeat(1_500));
    ids.into_iter().map(|(name, id)| (name, id.to_owned())).chain([long]).collect()
}

/// Asks for each of them with A's token.
pub(super) async fn odd(cx: Context) -> Checked {
    let user = cx.a()?;
    let path = |id: &str| specimens::path_of(&cx, id);
    let case = |(name, id): (&str, String)| Case::new(name, Probe::get(path(&id)).bearer(&user.token)).of_an_odd_form();
    let list = crate::checks::paging::asking(&cx.list_path(user), HUGE);
    let huge = || Case::new(HUGE_PAGES, Probe::get(list.as_str()).bearer(&user.token));
    let cases = || ids().into_iter().map(case).chain([huge()]).collect::<Vec<_>>();
    let outcome = shared_battery(&cx, "odd ids", cases(), judge).await?;
    match cases().into_iter().find(|case| is_unanswered(&outcome, &case.name)) {
        Some(silent) => Ok(outcome.joined(asked_again(&cx, &silent).await?)),
        None => Ok(outcome),
    }
}

fn is_unanswered(outcome: &Outcome, name: &str) -> bool {
    outcome.evidence.iter().any(|piece| piece.label == name && piece.finding == Finding::Unclear && piece.exchange.is_none())
}

/// A handler that throws where nobody catches it never answers (an `async` one in Express 4), while its neighbours do.
async fn asked_again(cx: &Context, case: &Case) -> Result<Evidence, Trouble> {
    let label = format!("{}, asked again beside an ordinary read", case.name);
    let ordinary = cx.send(&cx.read(cx.a()?)).await;
    let (finding, observed) = match (ordinary, cx.send(&case.probe).await) {
        (Ok(ordinary), Err(Trouble::Timeout(time))) if ordinary.is_success() => {
            (Finding::Broken, format!("no answer within {} s, twice, while others are answered", time.as_secs()))
        }
        (Ok(_), Ok(answer)) => (Finding::Held, format!("{}, this time", answer.status)),
        _ => (Finding::Unclear, "no answer".to_owned()),
    };
    Ok(Evidence::of(EvidenceClass::Live, label, finding, observed))
}

/// Judges the answer to an odd id. PostgreSQL holds no NUL in text and databases no number beyond their columns, so that stock stacks
/// fail on those: a remark.
pub(super) fn judge(case: &Case, answer: &Answer) -> Judgement {
    match answer.status {
        status if failed(status) && answer.source != Source::Edge && STOCK.contains(&&*case.name) => {
            Judgement::weak(format!("{status}: the id made the service fail"))
        }
        status if failed(status) && answer.source != Source::Edge => {
            Judgement::broken(format!("{status}: the id made the service fail"))
        }
        status @ 500.. if status != 501 => Judgement::unclear(format!("{status}: the service did not answer")),
        status @ 200..=299 if case.name != HUGE_PAGES => Judgement::weak(format!("{status}: found")),
        status => Judgement::held(status.to_string()),
    }
}
