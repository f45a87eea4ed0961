//! Reading lists: which query shows A's new object to A, where the next page is, and what a page counts.

use crate::checks::paging::{asking, next_query};
use crate::checks::{Context, User};
use crate::http::{Answer, Probe, Trouble};
use futures::future::try_join_all;
use serde_json::Value;

/// Page sizes and orders that services commonly know; unknown parameters are ignored by most.
const SIZES: [&str; 10] = [
    "",
    "limit=100",
    "per_page=100",
    "page_size=100",
    "size=100",
    "limit=100&sort=-created_at",
    "limit=100&order=desc",
    "limit=50",
    "pageSize=100",
    "perPage=100",
];
/// The first of them, which are enough nearly always.
const USUAL: usize = 2;
/// Time after which a list that lags shows what was written.
const LAG: std::time::Duration = std::time::Duration::from_millis(1_200);
/// Pages followed at most when none of the above shows the object.
const PAGES: usize = 40;

/// From when on answers are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Since {
    /// An answer that another check was given will do.
    Ever,
    /// Only what is asked from now on.
    Now,
}

/// A query that shows the object with a canary in its owner's own list: the positive control of everything that is asked of B's list.
pub(in crate::checks) struct Page {
    /// The query, without `?`; may be empty.
    pub(in crate::checks) query: String,
    /// A's answer to it.
    pub(super) answer: Answer,
}

impl Page {
    /// Finds it. Trouble when A's own list never shows the object: then B's list not showing it proves nothing.
    pub(in crate::checks) async fn showing(cx: &Context, canary: &str) -> Result<Self, Trouble> {
        Self::of(cx, cx.a()?, canary).await
    }

    /// The same for the list of any `owner`.
    pub(super) async fn of(cx: &Context, owner: &User, canary: &str) -> Result<Self, Trouble> {
        Self::found(cx, owner, canary, Since::Ever).await
    }

    /// The same as the list is from now on: an answer from before an attack tells nothing of what came of it.
    pub(super) async fn now(cx: &Context, owner: &User, canary: &str) -> Result<Self, Trouble> {
        Self::found(cx, owner, canary, Since::Now).await
    }

    async fn found(cx: &Context, owner: &User, canary: &str, since: Since) -> Result<Self, Trouble> {
        let (usual, others) = SIZES.split_at(USUAL);
        let (page, first) = Self::among(cx, owner, canary, usual, since).await?;
        if let Some(page) = page {
            return Ok(page);
        }
        match Self::among(cx, owner, canary, others, since).await? {
            (Some(page), _) => Ok(page),
            (None, second) => match Self::further(cx, owner, canary, longest([first, second].into_iter().flatten())).await {
                Err(trouble @ Trouble::Unexpected(_)) => Self::late(cx, owner, canary).await?.ok_or(trouble),
                page => page,
            },
        }
    }

    /// The same for a list that lags behind what is written (a search index, a read replica).
    async fn late(cx: &Context, owner: &User, canary: &str) -> Result<Option<Self>, Trouble> {
        tokio::time::sleep(LAG).await;
        for query in SIZES.iter().take(USUAL) {
            let answer = cx.send(&list(cx, owner, query)).await?;
            if shows(&answer, canary) {
                return Ok(Some(Self { query: (*query).to_owned(), answer }));
            }
        }
        Ok(None)
    }

    /// The page of one of these queries that shows the object, and the longest page.
    async fn among(
        cx: &Context,
        owner: &User,
        canary: &str,
        queries: &[&str],
        since: Since,
    ) -> Result<(Option<Self>, Option<Answer>), Trouble> {
        let asked = queries.iter().map(async |query| {
            let probe = list(cx, owner, query);
            let answer = match since {
                Since::Ever => asked(cx, canary, &probe).await?,
                Since::Now => cx.fresh(&probe).await?,
            };
            Ok::<_, Trouble>((*query, answer))
        });
        let answers = try_join_all(asked).await?;
        let longest = longest(answers.iter().map(|(_, answer)| answer.clone()));
        let found = answers.into_iter().find(|(_, answer)| shows(answer, canary));
        Ok((found.map(|(query, answer)| Self { query: query.to_owned(), answer }), longest))
    }

    async fn further(cx: &Context, owner: &User, canary: &str, mut page: Option<Answer>) -> Result<Self, Trouble> {
        for _ in 0..PAGES {
            let Some(query) = page.as_ref().and_then(next_query) else { break };
            let answer = cx.send(&list(cx, owner, &query)).await?;
            if shows(&answer, canary) {
                return Ok(Self { query, answer });
            }
            page = Some(answer);
        }
        Err(Trouble::Unexpected(format!(
            "{0}'s own list does not show the object that {0} just made, so lists cannot be judged",
            owner.name
        )))
    }

    /// The query with more in it.
    pub(super) fn with(&self, more: &str) -> String {
        joined(&self.query, more)
    }

    /// The query with which a list begins: a further page of A's may be behind the last one of B's, or of what is found.
    pub(super) fn first(&self) -> &str {
        if SIZES.contains(&self.query.as_str()) { &self.query } else { "" }
    }
}

/// A's list: one that other checks looked at, where it shows the object, else anew. The first of those may be older than the object.
async fn asked(cx: &Context, canary: &str, probe: &Probe) -> Result<Answer, Trouble> {
    for turn in 0..2 {
        let (kept, _) = cx.once_in_turn(probe, turn).await?;
        if cx.exhaustive || shows(&kept, canary) {
            return Ok(kept);
        }
    }
    cx.send(probe).await
}

/// The longest of the answers that are lists: some services refuse a size that they do not know.
fn longest(answers: impl Iterator<Item = Answer>) -> Option<Answer> {
    answers.filter(Answer::is_success).max_by_key(|answer| answer.body.len())
}

fn shows(answer: &Answer, canary: &str) -> bool {
    answer.is_success() && answer.contains(canary)
}

/// GET of `user`'s list with a query.
pub(super) fn list(cx: &Context, user: &User, query: &str) -> Probe {
    Probe::get(asking(&cx.list_path(user), query)).bearer(&user.token)
}

/// Two queries as one.
pub(super) fn joined(one: &str, other: &str) -> String {
    [one, other].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("&")
}

/// Objects in which services keep what they say of a list as a whole.
const WRAPPERS: [&str; 6] = ["meta", "_meta", "pagination", "paging", "page", "page_info"];
/// Headers that count what a list holds in all.
const TOTAL_HEADERS: [&str; 4] = ["x-total-count", "x-total", "x-count", "x-pagination-total-count"];

/// What a list answer says it holds in all, by the name under which it says so.
pub(super) fn totals(cx: &Context, answer: &Answer) -> Vec<(String, u64)> {
    let json = answer.json().unwrap_or_default();
    let noun = cx.target.paths.list.trim_end_matches('/').rsplit('/').find(|part| !part.contains('{')).unwrap_or_default();
    let within = |prefix: &str, value: &Value| {
        let members = value.as_object().into_iter().flatten();
        let counts = members
            .filter(|(name, _)| is_total(name, noun))
            .filter_map(|(name, value)| Some((format!("{prefix}/{name}"), value.as_u64()?)));
        counts.collect::<Vec<_>>()
    };
    // What stands beside the objects, in the envelope that holds their list.
    let envelope = cx.target.resource.fields.items.rsplit_once('/').map_or("", |(envelope, _)| envelope);
    let beside = json.pointer(envelope).filter(|_| !envelope.is_empty()).map(|value| within(envelope, value));
    let wrapped = WRAPPERS.into_iter().filter_map(|name| Some(within(&format!("/{name}"), json.get(name)?))).flatten();
    let header = |name: &str| Some((name.to_owned(), answer.headers.text(name)?.trim().parse().ok()?));
    // What flask-smorest writes there is JSON.
    let written = answer.headers.text("x-pagination").and_then(|text| serde_json::from_str::<Value>(&text).ok());
    let written = written.and_then(|json| Some(("x-pagination".to_owned(), json.get("total")?.as_u64()?)));
    within("", &json)
        .into_iter()
        .chain(beside.into_iter().flatten())
        .chain(wrapped)
        .chain(TOTAL_HEADERS.into_iter().filter_map(header))
        .chain(written)
        .collect()
}

/// What services call the objects of a list when they count them, in the singular.
const OBJECTS: [&str; 10] = ["", "item", "record", "result", "object", "row", "element", "doc", "document", "hit"];

/// Whether a member by this name counts all objects: `total`, `totalResults`, `recordsTotal`, or, where the collection is called so,
/// `notesCount`. What else is counted beside a list (pages, views, unread messages) is no business of its length.
fn is_total(name: &str, noun: &str) -> bool {
    let plain = |text: &str| text.to_ascii_lowercase().replace(['_', '-'], "");
    let (name, noun) = (plain(name), plain(noun));
    let what = name.replacen("total", "", 1);
    let what = what.strip_suffix("count").unwrap_or(&what);
    let singular = |plural: &str| plural.strip_suffix('s').unwrap_or(plural).to_owned();
    let counts = *what != name && (OBJECTS.contains(&singular(what).as_str()) || singular(what) == singular(&noun));
    counts || name == "numfound"
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::total("total", true)]
    #[case::count("count", true)]
    #[case::total_count("total_count", true)]
    #[case::of_results("totalResults", true)]
    #[case::of_records("recordsTotal", true)]
    #[case::by_the_noun("notesCount", true)]
    #[case::by_the_noun_in_the_singular("note-count", true)]
    #[case::solr("numFound", true)]
    #[case::pages("totalPages", false)]
    #[case::page_count("page_count", false)]
    #[case::unread("unread_count", false)]
    #[case::views("total_views", false)]
    #[case::of_others("membersCount", false)]
    #[case::the_list("notes", false)]
    fn only_what_counts_the_objects_of_a_list_is_its_total(#[case] name: &str, #[case] total: bool) {
        assert_eq!(is_total(name, "notes"), total);
    }
}
