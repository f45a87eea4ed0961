//! How an id that is known as text goes into JSON.

use serde_json::{Value, json};

/// A number where the text is one, else a text: services compare ids by type, and numbers are what most databases hand out.
pub(crate) fn json_id(text: &str) -> Value {
    text.parse::<u64>().map_or_else(|_| json!(text), |number| json!(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("7", json!(7))]
    #[case("a1", json!("a1"))]
    #[case("-7", json!("-7"))]
    fn an_id_is_a_number_in_json_where_its_text_is_one(#[case] text: &str, #[case] id: Value) {
        assert_eq!(json_id(text), id);
    }
}
