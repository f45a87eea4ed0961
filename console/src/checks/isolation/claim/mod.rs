//! Claims beside the token: B says in the query, a header, the body or the path to be A.
//!
//! Owns the scene that the claims share; each place where a claim can stand has a room of its own.

mod body;
mod header;
mod path;
mod query;

use crate::checks::{Case, Checked, Context, User};
use crate::http::Trouble;

use super::listing::{leak_free, shown_to_a};
use super::owner::subject;
use super::page::Page;
use super::plain::{Detours, To};
use super::stage::Victim;

pub(super) use body::body;
pub(super) use header::header;
pub(super) use path::{path, sent_to_a};
pub(super) use query::query;

/// A's object, the page that shows it to A, and who A is to the service.
struct Scene {
    victim: Victim,
    page: Page,
    subject: String,
}

impl Scene {
    async fn new(cx: &Context) -> Result<Self, Trouble> {
        let victim = Victim::shared(cx).await?;
        let page = Page::showing(cx, victim.canary()).await?;
        let subject = claimed(cx, cx.a()?, &victim);
        Ok(Self { victim, page, subject })
    }

    /// Asks all cases; none may show A's canary.
    async fn ask(&self, cx: &Context, noun: &str, cases: Vec<Case>) -> Checked {
        let detours = Detours { cx, victim: &self.victim, query: &self.page.query, to: To::Either };
        let outcome = detours.ask(noun, cases, |_, answer| leak_free(&self.victim, answer)).await?;
        Ok(outcome.joined(shown_to_a(&self.page)))
    }
}

/// Who A is to the service; where nothing tells, the number that most services give out first.
fn claimed(cx: &Context, a: &User, victim: &Victim) -> String {
    subject(cx, a, victim).unwrap_or_else(|| "1".to_owned())
}
