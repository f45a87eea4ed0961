//! What is open without a detour. While a plain request shows A's object, a detour that shows it as well says nothing of the detour: it is left
//! open, and the check of the plain request fails.

use crate::checks::paging::asking;
use crate::checks::{Case, Checked, Context, Judgement, User, concluded, shared_answers};
use crate::http::{Answer, Probe, Trouble};
use crate::run::{Evidence, Finding};

use super::stage::Victim;

/// Detours to an object of A's.
pub(super) struct Detours<'a> {
    pub(super) cx: &'a Context,
    pub(super) victim: &'a Victim,
    /// The query that shows the object in A's own list.
    pub(super) query: &'a str,
    /// Where they lead.
    pub(super) to: To,
}

/// Where detours lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    /// The object's own route.
    Object,
    /// The list.
    List,
    /// One of the two: the object where its id is a part of the path.
    Either,
}

impl Detours<'_> {
    /// Asks all cases; those that show what is A's although the plain request does not are broken. What is asked elsewhere too is shared.
    pub(super) async fn ask(&self, noun: &str, cases: Vec<Case>, judge: impl Fn(&Case, &Answer) -> Judgement) -> Checked {
        let asked = shared_answers(self.cx, &cases).await;
        let is_broken = |(case, answer): (&Case, &Result<Answer, Trouble>)| {
            answer.as_ref().is_ok_and(|answer| judge(case, answer).finding == Finding::Broken)
        };
        let open = if cases.iter().zip(&asked).any(is_broken) { self.open().await? } else { Vec::new() };
        concluded(noun, &cases, asked, |case, answer| {
            let judgement = judge(case, answer);
            if open.contains(&self.plain(&case.probe)) { unless_plain(judgement) } else { judgement }
        })
    }

    /// The plain requests that show the object.
    async fn open(&self) -> Result<Vec<Plain>, Trouble> {
        let (a, b) = (self.cx.a()?, self.cx.b()?);
        let item = |user: &User| self.cx.item_path(user, &self.victim.object.id);
        let list = |user: &User| asking(&self.cx.list_path(user), self.query);
        let mut open = Vec::new();
        for (place, signed, path) in [
            (Place::Object, true, item(a)),
            (Place::Object, false, item(a)),
            (Place::OwnObject, true, item(b)),
            (Place::List, true, list(b)),
            (Place::List, false, list(a)),
        ] {
            let probe = if signed { Probe::get(path).bearer(&b.token) } else { Probe::get(path) };
            if self.victim.is_shown_in(&self.cx.once(&probe).await?) {
                open.push(Plain { place, signed });
            }
        }
        Ok(open)
    }

    /// The plain request beside a detour.
    fn plain(&self, probe: &Probe) -> Plain {
        let of_object = match self.to {
            To::Object => true,
            To::List => false,
            To::Either => probe.path().split(['/', '?']).any(|part| part == self.victim.object.id),
        };
        let place = match of_object {
            true if self.is_at_own(probe.path()) => Place::OwnObject,
            true => Place::Object,
            false => Place::List,
        };
        Plain { place, signed: probe.has_token() }
    }

    /// Whether a path is one of B's own, where paths name the user.
    fn is_at_own(&self, path: &str) -> bool {
        let before = |user: &User| self.cx.item_path(user, "\0").split('\0').next().map(str::to_owned);
        let (of_a, of_b) = (self.cx.a().ok().and_then(before), self.cx.b().ok().and_then(before));
        of_a != of_b && of_b.is_some_and(|before| path.starts_with(&before))
    }
}

/// A plain request by B or by nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Plain {
    place: Place,
    signed: bool,
}

/// What a plain request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The object, at A's path.
    Object,
    /// The object, at B's own path.
    OwnObject,
    /// The list.
    List,
}

/// A judgement of a detour where the plain request shows the same.
pub(super) fn unless_plain(judgement: Judgement) -> Judgement {
    match judgement.finding {
        Finding::Broken => Judgement::unclear(format!("{}, as in the answer to the plain request", judgement.observed)),
        _ => judgement,
    }
}

/// The same for a piece of evidence.
pub(super) fn piece_unless_plain(piece: Evidence) -> Evidence {
    let judgement = unless_plain(Judgement { finding: piece.finding, observed: piece.observed });
    Evidence { finding: judgement.finding, observed: judgement.observed, ..piece }
}

/// Whether B is shown A's object by its id alone, at this path.
pub(super) async fn is_open_to_b(cx: &Context, victim: &Victim, path: &str) -> Result<bool, Trouble> {
    let plain = Probe::get(path).bearer(&cx.b()?.token);
    Ok(cx.target.resource.offers.get && victim.is_shown_in(&cx.once(&plain).await?))
}
