//! Whether the security headers of the good answer are on every other status too.

use futures::future::join_all;

use super::super::specimens;
use super::super::{Case, Checked, Context, Judgement, Outcome};
use super::asked::{Rule, answered};
use super::judges;
use crate::http::{Answer, Headers, Probe, Trouble, evidence};
use crate::run::{Evidence, EvidenceClass, Finding, Source};
use crate::target::Target;

/// What the preflight is called among the answers.
const PREFLIGHT: &str = "a preflight";
/// Headers that belong on every answer when they are on one.
const EVERYWHERE: [&str; 5] =
    ["x-content-type-options", "content-security-policy", "referrer-policy", "cross-origin-resource-policy", "x-frame-options"];

/// Headers that may be wrong by their value on any answer, each with its rule. What the list says too has a check of its own.
const RULES: [(&str, Rule); 5] = [
    ("x-content-type-options", judges::nosniff),
    ("content-security-policy", judges::content_policy),
    ("x-frame-options", judges::framing),
    ("referrer-policy", judges::referrer),
    ("cross-origin-resource-policy", judges::resource_policy),
];

/// Every status that can be had: errors, health, a preflight, and (with consent to write) the life of one object: 201, 200, 204.
pub(super) async fn everywhere(cx: Context) -> Checked {
    let Some(read) = specimens::read(&cx) else { return Ok(Outcome::skip("the good answer needs a token")) };
    let list = cx.once(&read).await?;
    let mut cases = specimens::errors(&cx).await;
    cases.extend(specimens::public(&cx));
    cases.extend(preflight(&cx));
    let answers = join_all(cases.iter().map(|case| cx.once(&case.probe))).await;
    let mut seen: Vec<(String, Result<Answer, Trouble>)> = cases.into_iter().map(|case| case.name).zip(answers).collect();
    seen.extend(life(&cx).await?);
    // What an edge turns away by itself (an unknown method) says nothing of the service, which answered the list.
    seen.retain(|(_, answer)| !answer.as_ref().is_ok_and(is_turned_away));
    let pieces: Vec<_> =
        seen.into_iter().map(|(name, answer)| piece(&cx, &list.headers, &name, answer)).collect::<Result<_, _>>()?;
    let held = pieces.iter().filter(|piece| piece.finding == Finding::Held).count();
    let words = format!("{held} of {} other answers carry what the list carries{}", pieces.len(), worst(&pieces));
    Ok(Outcome::of(words + specimens::not_had(&cx), pieces))
}

fn is_turned_away(answer: &Answer) -> bool {
    answer.source == Source::Edge && (answer.status < 500 || answer.status == 501)
}

fn worst(pieces: &[Evidence]) -> String {
    let worst = pieces.iter().max_by_key(|piece| piece.finding).filter(|piece| piece.finding != Finding::Held);
    worst.map_or_else(String::new, |piece| format!("; {}: {}", piece.label, piece.observed))
}

fn preflight(cx: &Context) -> Option<Case> {
    let origin = cx.target.origins.first()?.as_str();
    Some(Case::new(PREFLIGHT, Probe::preflight(specimens::list_path(cx), origin.as_bytes(), "POST", "content-type")))
}

/// The answers to making, reading and deleting one object.
async fn life(cx: &Context) -> Result<Vec<(String, Result<Answer, Trouble>)>, Trouble> {
    let Some(user) = cx.users.a.as_ref().filter(|_| cx.writes) else { return Ok(Vec::new()) };
    let object = cx.objects.create(user).await?;
    let delete = Probe::new("DELETE", cx.item_path(user, &object.id)).bearer(&user.token);
    let named = |what: &str, status: u16| format!("{status} of {what} an object");
    let mut all = vec![(named("making", object.created.status), Ok(object.created))];
    all.extend(object.read.map(|read| (named("reading", read.status), Ok(read))));
    if cx.target.resource.offers.delete {
        let answer = cx.send(&delete).await;
        if answer.as_ref().is_ok_and(Answer::is_success) {
            cx.objects.deleted(&object.id).await;
        }
        all.push((named("deleting", answer.as_ref().map_or(0, |answer| answer.status)), answer));
    }
    Ok(all)
}

fn piece(cx: &Context, list: &Headers, name: &str, answer: Result<Answer, Trouble>) -> Result<Evidence, Trouble> {
    match answer {
        Ok(answer) if answer.source == Source::Edge => Ok(evidence(&answer, name, Finding::Unclear, "only the edge answered")),
        Ok(answer) => {
            let judgement = answered(&answer).unwrap_or_else(|| judge(&cx.target, list, &answer));
            // Browsers read a preflight for its grants and show nobody its body; frameworks answer it before anything else of the service.
            let judgement = if name == PREFLIGHT && judgement.finding == Finding::Broken {
                Judgement { finding: Finding::Weak, ..judgement }
            } else {
                judgement
            };
            Ok(evidence(&answer, name, judgement.finding, judgement.observed))
        }
        Err(trouble @ (Trouble::Transport(_) | Trouble::Timeout(_))) => {
            Ok(Evidence::of(EvidenceClass::Live, name, Finding::Unclear, trouble.to_string()))
        }
        Err(trouble) => Err(trouble),
    }
}

/// Judges one answer beside the list's: what the list has and this one lacks is a remark, or a flaw where the policy requires it. A value that
/// is wrong on one answer is as wrong as on all.
pub(super) fn judge(target: &Target, list: &Headers, answer: &Answer) -> Judgement {
    let policy = &target.policy;
    let lacks = |name: &&str| !answer.headers.has(name);
    let insisted = EVERYWHERE.into_iter().find(|name| lacks(name) && policy.headers.required.iter().any(|other| other == name));
    let missing: Vec<_> = EVERYWHERE.into_iter().filter(|name| list.has(name) && lacks(name)).collect();
    let differs = |name: &str| answer.headers.has(name) && answer.headers.text(name) != list.text(name);
    let of_cookies = differs("set-cookie").then(|| judges::cookies(policy, target.base.is_https(), answer));
    let of_values = RULES.iter().filter(|(name, _)| differs(name)).map(|(_, rule)| rule(policy, answer));
    let wrong = of_values.chain(of_cookies).find(|judged| judged.finding == Finding::Broken);
    match (insisted, wrong) {
        (Some(name), _) => Judgement::broken(format!("{} without {name}, which the policy requires", answer.status)),
        (None, Some(wrong)) => Judgement { observed: format!("{}: {}", answer.status, wrong.observed), ..wrong },
        (None, None) if missing.is_empty() => Judgement::held(format!("{}, all there", answer.status)),
        (None, None) => Judgement::weak(format!("{} without {}", answer.status, missing.join(", "))),
    }
}
