//! Declared origins that nobody holds any more: whoever claims the name gets in.

use futures::future::join_all;

use super::super::{Checked, Context, Judgement, Outcome};
use crate::http::{Answer, Elsewhere, Trouble, evidence};
use crate::run::{Evidence, EvidenceClass, Finding};
use crate::target::Origin;

/// What platforms answer for a name that they host and that nobody has: a response header, or words of the body.
const VACANT: [(&str, Mark); 6] = [
    ("Vercel", Mark::Header("x-vercel-error", "DEPLOYMENT_NOT_FOUND")),
    ("Railway", Mark::Header("x-railway-fallback", "true")),
    ("Render", Mark::Header("x-render-routing", "no-server")),
    ("Netlify", Mark::Words("Not Found - Request ID:")),
    ("GitHub Pages", Mark::Words("There isn't a GitHub Pages site here")),
    ("Heroku", Mark::Words("no-such-app")),
];

#[derive(Clone, Copy)]
enum Mark {
    Header(&'static str, &'static str),
    Words(&'static str),
}

impl Mark {
    fn on(self, answer: &Answer) -> bool {
        match self {
            Self::Header(name, value) => answer.headers.text(name).is_some_and(|seen| seen == value),
            Self::Words(words) => answer.status >= 400 && answer.contains(words),
        }
    }
}

/// Looks at every declared origin.
pub(super) async fn claimed(cx: Context) -> Checked {
    let origins = &cx.target.origins;
    let looks = join_all(origins.iter().map(|origin| cx.client.elsewhere(origin))).await;
    let pieces: Vec<_> = origins.iter().zip(looks).map(|(origin, look)| judged(origin, look)).collect::<Result<_, _>>()?;
    let open: Vec<_> = pieces.iter().filter(|piece| piece.finding != Finding::Held).map(|piece| piece.observed.clone()).collect();
    let summary = if open.is_empty() { format!("{} declared origins are held by somebody", pieces.len()) } else { open.join("; ") };
    Ok(Outcome::of(summary, pieces))
}

fn judged(origin: &Origin, look: Result<Elsewhere, Trouble>) -> Result<Evidence, Trouble> {
    let nowhere = |judgement: Judgement| Evidence::of(EvidenceClass::Live, origin.as_str(), judgement.finding, judgement.observed);
    match look {
        Ok(Elsewhere::Unresolved) => {
            Ok(nowhere(Judgement::weak(format!("{origin} leads to no address: whoever registers the name gets in"))))
        }
        Ok(Elsewhere::Answered(answer)) => {
            let judgement = held(origin, &answer);
            Ok(evidence(&answer, origin.as_str(), judgement.finding, judgement.observed))
        }
        Err(trouble @ (Trouble::Transport(_) | Trouble::Timeout(_))) => {
            Ok(nowhere(Judgement::unclear(format!("{origin}: {trouble}"))))
        }
        Err(trouble) => Err(trouble),
    }
}

fn held(origin: &Origin, answer: &Answer) -> Judgement {
    match VACANT.iter().find(|(_, mark)| mark.on(answer)) {
        Some((platform, _)) => {
            Judgement::weak(format!("{origin} is not deployed at {platform}: whoever claims the name there gets in"))
        }
        None => Judgement::held(format!("{origin} answers {}", answer.status)),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::front_end(200, &[], "<html>", Finding::Held)]
    #[case::own_404(404, &[], "Not Found", Finding::Held)]
    #[case::vercel(404, &[("x-vercel-error", "DEPLOYMENT_NOT_FOUND")], "The deployment could not be found", Finding::Weak)]
    #[case::vercel_page_missing(404, &[("x-vercel-error", "NOT_FOUND")], "The page could not be found", Finding::Held)]
    #[case::pages(404, &[], "<p>There isn't a GitHub Pages site here.</p>", Finding::Weak)]
    #[case::quoted(200, &[], "<p>We explain \"no-such-app\".</p>", Finding::Held)]
    fn a_vacant_name_is_told_from_a_page_that_is_missing(
        #[case] status: u16,
        #[case] fields: &[(&str, &str)],
        #[case] body: &str,
        #[case] finding: Finding,
    ) {
        let origin = Origin::parse("https://app.example.com").unwrap();
        assert_eq!(held(&origin, &Answer::canned(status, fields, body)).finding, finding);
    }
}
