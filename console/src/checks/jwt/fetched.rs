//! Headers and claims that point to a key: a service that goes where a token sends it takes the attacker's key, and visits for the attacker.
//!
//! On this machine a listener of our own sees the visit. Elsewhere nobody's host may be named, so tokens point to a network that exists in
//! documents alone: whoever goes there waits for nothing, and that takes time.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::{Value, json};

use crate::checks::{Case, Checked, Context, Judgement, battery};
use crate::http::{Answer, Probe, Trouble};
use crate::run::{Evidence, EvidenceClass, Finding};
use crate::token::Compact;

use super::ask::{Forgery, of_a, refusal, with};
use super::attacker::Kind;
use super::keys::by_attacker;
use super::listener::Listener;

/// An address that leads nowhere (TEST-NET-1, RFC 5737).
const NOWHERE: &str = "http://192.0.2.1";
/// By how much an answer is late that somebody was kept waiting for.
const LATE: Duration = Duration::from_millis(900);
/// By how many times.
const TIMES: u32 = 3;

/// `jku` and `x5u` (RFC 7515, 4.1.2 and 4.1.5), a key id that is a URL, and an issuer of the attacker's: a visit alone is the flaw.
pub(super) async fn visited(cx: Context) -> Checked {
    let token = of_a(&cx)?;
    if !cx.target.is_loopback() {
        return waited_for(&cx, &token).await;
    }
    let listener = Listener::start().await?;
    let path = cx.read_path(cx.a()?);
    let pointers = pointers(&cx, &token, listener.base());
    let case = |(name, forgery): &(&'static str, Forgery)| Case::new(*name, Probe::get(&path).bearer(&forgery.credential()));
    battery(&cx, "tokens that point to a key", pointers.iter().map(case).collect(), |case, answer| {
        unvisited(&cx, &listener, case, answer)
    })
    .await
}

/// Forgeries by the first segment of the path that each points to.
fn pointers(cx: &Context, token: &Compact, base: &str) -> Vec<(&'static str, Forgery)> {
    let at = |path: &str| json!(format!("{base}/{path}"));
    let userinfo = json!(format!("http://{}@{}/userinfo/jwks.json", cx.target.base.host(), base.trim_start_matches("http://")));
    let issued = token.with_claims(&with(&token.claims().unwrap_or_default(), "iss", at("iss")));
    let by = |kind, token: &Compact, name: &'static str, members: Vec<(&'static str, Value)>| {
        by_attacker(kind, token, name.to_owned(), members).map(|forgery| (name, forgery))
    };
    [
        by(Kind::Rsa, token, "jku", vec![("jku", at("jku/jwks.json")), ("kid", json!("RSA"))]),
        by(Kind::Rsa, token, "x5u", vec![("x5u", at("x5u/chain.pem"))]),
        by(Kind::Rsa, token, "kid", vec![("kid", at("kid/jwks.json"))]),
        by(Kind::Rsa, &issued, "iss", vec![("kid", json!("RSA"))]),
        by(Kind::Ec, token, "jku-ec", vec![("jku", at("jku-ec/jwks.json")), ("kid", json!("EC"))]),
        by(Kind::Oct, token, "jku-oct", vec![("jku", at("jku-oct/jwks.json")), ("kid", json!("oct"))]),
        by(Kind::Rsa, token, "userinfo", vec![("jku", userinfo), ("kid", json!("RSA"))]),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn unvisited(cx: &Context, listener: &Listener, case: &Case, answer: &Answer) -> Judgement {
    if listener.visited(&format!("/{}/", case.name)) {
        return Judgement::broken(format!("the service fetched the address in the token (and answered {})", answer.status));
    }
    refusal(&cx.target.policy.refused_token, Finding::Broken, answer)
}

/// Tokens that point nowhere, each beside one that points to nothing: what keeps the service waiting, twice, was an attempt to go there.
async fn waited_for(cx: &Context, token: &Compact) -> Checked {
    let plain = by_attacker(Kind::Rsa, token, "no address".to_owned(), vec![("kid", json!("RSA"))]);
    let plain = plain.ok_or_else(|| Trouble::Unexpected("no token can be forged".into()))?;
    let pointers = pointers(cx, token, NOWHERE);
    let asked = cx.telling(&pointers, 4).into_iter().map(async |(name, forgery)| late(cx, name, forgery, &plain).await);
    let pieces = join_all(asked).await.into_iter().collect::<Result<Vec<_>, Trouble>>()?;
    Ok(crate::checks::battery::summarise("tokens that point nowhere", pieces))
}

async fn late(cx: &Context, name: &str, forgery: &Forgery, plain: &Forgery) -> Result<Evidence, Trouble> {
    let label = format!("{name}: {NOWHERE}");
    let mut seen = both(cx, forgery, plain).await;
    if seen.is_late() {
        seen = both(cx, forgery, plain).await;
    }
    let words = format!(
        "the answer takes {:.1} s, and {:.1} s without an address: the service waits for what a token names",
        seen.took.as_secs_f64(),
        seen.without.as_secs_f64()
    );
    Ok(match (seen.is_late(), seen.answer) {
        (true, Ok(answer)) => Judgement::broken(words).seen_anywhere(&answer, label),
        (true, Err(Trouble::Timeout(_))) => Evidence::of(EvidenceClass::Live, label, Finding::Broken, words),
        (_, answer) => {
            let answer = answer?;
            refusal(&cx.target.policy.refused_token, Finding::Broken, &answer).seen(&answer, label)
        }
    })
}

/// The answer to a token that points nowhere, and how long it takes beside one that points to nothing.
struct Beside {
    answer: Result<Answer, Trouble>,
    took: Duration,
    without: Duration,
}

impl Beside {
    fn is_late(&self) -> bool {
        is_late(self.took, self.without)
    }
}

async fn both(cx: &Context, forgery: &Forgery, plain: &Forgery) -> Beside {
    let ((took, answer), (without, _)) = tokio::join!(timed(cx, forgery), timed(cx, plain));
    Beside { answer, took, without }
}

/// How long the service takes to answer a token, and what it answers.
async fn timed(cx: &Context, forgery: &Forgery) -> (Duration, Result<Answer, Trouble>) {
    let path = cx.a().map(|a| cx.read_path(a)).unwrap_or_default();
    let since = Instant::now();
    let answer = cx.send(&Probe::get(path).bearer(&forgery.credential()).impatient()).await;
    (answer.as_ref().map_or_else(|_| since.elapsed(), |answer| answer.elapsed), answer)
}

fn is_late(took: Duration, without: Duration) -> bool {
    took > without * TIMES && took > without + LATE
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::waits(3_000, 40, true)]
    #[case::a_little_slower(700, 40, false)]
    #[case::slow_by_itself(3_000, 2_000, false)]
    fn only_a_wait_that_the_address_makes_is_one(#[case] took: u64, #[case] without: u64, #[case] late: bool) {
        assert_eq!(is_late(Duration::from_millis(took), Duration::from_millis(without)), late);
    }
}
