//! Cards of the checks that go for lists.

use super::super::{forms, listing, search, totals};
use super::{BOLA, CARD, USER_KEY};
use crate::checks::{Check, Reference, Remedy};
use crate::run::Severity;

/// The way to mend a list that holds too much.
const OWNED_LISTS: Remedy = Remedy {
    axum: "Build every list query from one that already holds `WHERE owner = $1`; add filters with AND, in parentheses, never with OR beside it.",
    fastapi: "Start every list from `select(Task).where(Task.user_id == user.id)` and add filters to that statement; take sort fields from a fixed list.",
    express: "Put the owner into the `where` after spreading the client's filters, not before, so that none of them can replace it.",
};

pub(super) const PAGES: Check = Check {
    id: "isolation.list.pages",
    title: "B's lists never hold an object of A, whatever page, size or order B asks for",
    why: "The plain list is tested by everybody; the one with an unusual limit, a negative page or another order takes another branch of the code, \
          and one such branch without the owner shows everything.",
    expectation: "No list of B holds A's canary, in sixteen shapes, while A's own list shows it (the positive control).",
    severity: Severity::Critical,
    remedy: OWNED_LISTS,
    needs: super::OWN_LIST,
    run: |cx| Box::pin(listing::pages(cx)),
    ..CARD
};

pub(super) const SEARCH: Check = Check {
    id: "isolation.list.search",
    title: "B's searches and filters never find an object of A",
    why: "Search is often a query of its own, or an index that knows no owners. A filter combined with OR, or a wildcard, then reaches across \
          all accounts.",
    expectation: "No search of B for the beginning of A's title or description, no filter by a state or by what A's object holds, and nothing that closes the text of a query shows A's canary; the same searches by A stand beside.",
    severity: Severity::Critical,
    remedy: OWNED_LISTS,
    needs: super::OWN_LIST,
    run: |cx| Box::pin(search::search(cx)),
    ..CARD
};

pub(super) const CURSOR: Check = Check {
    id: "isolation.list.cursor",
    title: "A cursor of A leads B to nothing of A's",
    why: "Cursors often carry the whole query, its owner included, in base64. A service that trusts what comes back serves the next page of \
          whoever the cursor was made for, and cursors stand in URLs.",
    expectation: "B's own objects, or a refusal; none of the objects to which the cursor leads A.",
    references: &[
        BOLA,
        Reference {
            name: "CWE-565: Reliance on cookies or tokens without validation",
            url: "https://cwe.mitre.org/data/definitions/565.html",
        },
    ],
    remedy: Remedy {
        axum: "Let a cursor hold only the position (the last key), and take the owner from the token on every page; or sign the cursor together with the owner.",
        fastapi: "Let a cursor hold only the position (the last key), and filter every page by the current user; or sign the cursor together with the user.",
        express: "Let a cursor hold only the position (the last key), and filter every page by the current user; or sign the cursor together with the user.",
    },
    needs: super::OWN_LIST,
    run: |cx| Box::pin(listing::cursor(cx)),
    ..CARD
};

pub(super) const TOTALS: Check = Check {
    id: "isolation.list.totals",
    title: "Totals and ETags of B's lists count only what is B's",
    why: "The page is filtered by owner, the `COUNT(*)` beside it is not: every user can watch how much all others have and when they work, and a \
          search turns the count into an oracle for their words. Routes of their own for statistics forget the owner as easily.",
    expectation: "A total never exceeds what B's list holds; B's totals and ETag, and the numbers on routes that count, stay when A writes.",
    severity: Severity::Medium,
    references: &[
        BOLA,
        Reference { name: "CWE-203: Observable discrepancy", url: "https://cwe.mitre.org/data/definitions/203.html" },
    ],
    remedy: Remedy {
        axum: "Count with the same WHERE as the page, best in the same statement: `count(*) OVER ()`.",
        fastapi: "Derive the count from the filtered statement: `select(func.count()).select_from(statement.subquery())`.",
        express: "Use `findAndCountAll({ where })` with the owner in `where`, so that page and count share it.",
    },
    needs: super::OWN_LIST,
    run: |cx| Box::pin(totals::totals_of_b(cx)),
    ..CARD
};

pub(super) const BULK: Check = Check {
    id: "isolation.list.bulk",
    title: "Exports, statistics and reads of several ids never hold an object of A",
    why: "Routes that take many ids check the first one, or none; exports and statistics are written for administrators and left open. Mixed lists \
          of own and foreign ids are the way in.",
    expectation: "No answer to B holds A's canary, on the usual bulk routes (a dozen in an exhaustive run) and with own and foreign ids mixed.",
    references: &[BOLA, USER_KEY],
    remedy: OWNED_LISTS,
    needs: super::OWN_LIST,
    run: |cx| Box::pin(forms::bulk(cx)),
    ..CARD
};
