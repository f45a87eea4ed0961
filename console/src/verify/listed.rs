//! Reads a user's whole list, however the service pages it, within bounds: cursors, links, offsets and page numbers.
//!
//! Knows nothing of markers; what to look for in the items is the sweep's business.

use std::collections::BTreeSet;

use futures::future::try_join_all;
use serde_json::Value;

use crate::checks::User;
use crate::checks::paging::{asking, is_last, next_query};
use crate::http::{Answer, Client, Probe, Trouble};
use crate::target::Target;

/// Pages of a list that are read at most.
const PAGES: usize = 50;
/// Ways of counting on where an answer names no next page; each is kept only if it brings something new.
const COUNTED: [fn(usize, usize) -> String; 3] =
    [|_, seen| format!("offset={seen}"), |_, seen| format!("skip={seen}"), |page, _| format!("page={page}")];

/// What a list holds, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// The items, each once.
    pub(super) items: Vec<Value>,
    /// Whether the end was not reached within the bound.
    pub(super) cut: bool,
    seen: BTreeSet<String>,
    pages: usize,
}

/// Everything that `user` can list.
pub(super) async fn all(client: &Client, target: &Target, user: &User) -> Result<Listed, Trouble> {
    let (reader, mut listed) = (Reader { client, target, user }, Listed::default());
    let mut answer = reader.read("").await?;
    listed.take(target, &answer).ok_or_else(|| reader.refused(answer.status))?;
    while let Some(next) = next_query(&answer) {
        if listed.is_full() {
            return Ok(listed);
        }
        answer = reader.read(&next).await?;
        if listed.take(target, &answer).is_none_or(|new| new == 0) {
            return Ok(listed);
        }
    }
    if !listed.items.is_empty() && !is_last(&answer) {
        reader.count_on(&mut listed).await?;
    }
    Ok(listed)
}

struct Reader<'a> {
    client: &'a Client,
    target: &'a Target,
    user: &'a User,
}

impl Reader<'_> {
    fn path(&self) -> String {
        self.user.path(&self.target.paths.list)
    }

    async fn read(&self, query: &str) -> Result<Answer, Trouble> {
        self.client.send(&Probe::get(asking(&self.path(), query)).bearer(&self.user.token)).await
    }

    fn refused(&self, status: u16) -> Trouble {
        Trouble::NoList { path: self.path(), status }
    }

    /// Pages that are asked for by number: all ways at once, and the first that brings something new is followed to its end.
    async fn count_on(&self, listed: &mut Listed) -> Result<(), Trouble> {
        let seen = listed.items.len();
        let firsts = try_join_all(COUNTED.map(|way| async move { self.read(&way(2, seen)).await })).await?;
        for (way, mut answer) in COUNTED.into_iter().zip(firsts) {
            let mut page = 2;
            while !listed.is_full() && listed.take(self.target, &answer).is_some_and(|new| new > 0) {
                page += 1;
                answer = self.read(&way(page, listed.items.len())).await?;
            }
            if listed.items.len() > seen {
                break;
            }
        }
        Ok(())
    }
}

impl Listed {
    /// Adds the items of a page and says how many were new; `None` when the answer is no list.
    fn take(&mut self, target: &Target, answer: &Answer) -> Option<usize> {
        let json = answer.json().filter(|_| answer.is_success())?;
        let items = target.resource.items(&json)?;
        let before = self.items.len();
        for item in items {
            if self.seen.insert(target.resource.id_of(item).unwrap_or_else(|| item.to_string())) {
                self.items.push(item.clone());
            }
        }
        self.pages += 1;
        Some(self.items.len() - before)
    }

    /// Whether no further page is read; then the list counts as cut.
    fn is_full(&mut self) -> bool {
        self.cut |= self.pages >= PAGES;
        self.cut
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rstest::rstest;
    use serde_json::json;
    use tokio_util::sync::CancellationToken;
    use wiremock::matchers::any;
    use wiremock::{Mock, MockServer, Request, ResponseTemplate};

    use super::*;
    use crate::http::{Credential, Limits};
    use crate::target::BaseUrl;

    const SIZE: usize = 7;

    fn parameter(request: &Request, name: &str) -> Option<usize> {
        request.url.query_pairs().find(|(key, _)| key == name).and_then(|(_, value)| value.parse().ok())
    }

    /// A page of `total` numbered items from `from`, with whatever else its form of paging says.
    fn page(total: usize, from: usize, form: &str) -> ResponseTemplate {
        let items: Vec<_> = (from..total.min(from + SIZE)).map(|id| json!({ "id": id, "title": format!("no. {id}") })).collect();
        let next = from + SIZE;
        let more = next < total;
        let mut body = json!({ "items": items });
        let answer = ResponseTemplate::new(200);
        match form {
            "cursor" => body["meta"] = json!({ "next_cursor": more.then(|| next.to_string()) }),
            "token" => body["nextPageToken"] = more.then(|| next.to_string()).into(),
            "link" if more => {
                let link = format!("<http://elsewhere.example/api/tasks?offset={next}>; rel=\"next\"");
                return answer.insert_header("link", link).set_body_json(body);
            }
            _ => {}
        }
        answer.set_body_json(body)
    }

    fn paged(total: usize, form: &'static str) -> impl Fn(&Request) -> ResponseTemplate {
        move |request| {
            let number = |name| parameter(request, name);
            let from = match form {
                "cursor" => number("cursor"),
                "token" => number("pageToken"),
                "page" => number("page").map(|page| (page - 1) * SIZE),
                "skip" => number("skip"),
                _ => number("offset"),
            };
            page(total, from.unwrap_or(0), form)
        }
    }

    fn user_a() -> User {
        let token = Credential::new("$A", "a-token-of-a");
        User { name: "A", token, subject: None, username: None, email: None, parent: None, cookies: None }
    }

    async fn read(total: usize, form: &'static str) -> (Listed, usize) {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(paged(total, form)).mount(&server).await;
        let target = Target::new(BaseUrl::parse(&server.uri()).unwrap());
        let client = Client::new(Arc::new(target.clone()), Limits::default(), "test", CancellationToken::new()).unwrap();
        let listed = all(&client, &target, &user_a()).await.unwrap();
        (listed, server.received_requests().await.unwrap().len())
    }

    #[rstest]
    #[tokio::test]
    async fn the_last_page_is_reached_whatever_the_form_of_paging(
        #[values("cursor", "token", "link", "offset", "skip", "page")] form: &'static str,
    ) {
        let (listed, requests) = read(40, form).await;
        assert_eq!((listed.items.len(), listed.cut), (40, false));
        assert!(requests <= 12, "{requests} requests for six pages");
    }

    #[tokio::test]
    async fn an_endless_list_is_left_at_the_bound_and_says_so() {
        let (listed, requests) = read(usize::MAX / 2, "cursor").await;
        assert_eq!((listed.items.len(), listed.cut, requests), (PAGES * SIZE, true, PAGES));
    }

    #[tokio::test]
    async fn a_list_that_ignores_every_way_of_counting_ends() {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(|_: &Request| page(3, 0, "none")).mount(&server).await;
        let target = Target::new(BaseUrl::parse(&server.uri()).unwrap());
        let client = Client::new(Arc::new(target.clone()), Limits::default(), "test", CancellationToken::new()).unwrap();
        assert_eq!(all(&client, &target, &user_a()).await.unwrap().items.len(), 3);
        assert_eq!(server.received_requests().await.unwrap().len(), 1 + COUNTED.len());
    }
}
