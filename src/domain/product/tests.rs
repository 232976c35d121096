//! What is damage of an offer's image, what is business, and what brings it back.

use super::*;

fn point(id: &str, available: bool, stock_count: Option<u32>, preorder_days: u8) -> Availability {
    Availability {
        point_id: id.into(),
        available,
        stock_count,
        preorder_days,
        stock_enabled: Some(stock_count.is_some()),
    }
}

#[test]
fn sales_and_deliveries_are_no_damage() {
    let sent = [point("1", true, Some(4), 0), point("2", false, None, 0)];
    for seen in [
        vec![point("1", true, Some(4), 0), point("2", false, None, 0)],
        vec![point("1", true, Some(3), 0), point("2", false, None, 0)],
        vec![point("1", true, Some(9), 0), point("2", false, None, 0)],
        vec![point("1", false, Some(0), 0), point("2", false, None, 0)],
        vec![point("1", true, Some(4), 0)],
        vec![
            point("1", true, Some(4), 0),
            point("2", false, None, 3),
            point("3", true, None, 0),
        ],
    ] {
        assert!(!is_damaged(&sent, &seen), "{seen:?}");
        assert_eq!(restored(&sent, &seen), seen);
    }
}

#[test]
fn the_last_piece_is_not_sold_twice() {
    let sent = [point("1", true, Some(1), 0), point("2", true, None, 0)];
    let other = point("2", true, None, 0);
    for seen in [
        vec![other.clone()],
        vec![point("1", false, None, 0), other.clone()],
    ] {
        assert!(!is_damaged(&sent, &seen), "{seen:?}");
    }
    // What is missing beside it is brought back without it.
    assert_eq!(restored(&sent, &[]), [other]);
}

#[test]
fn each_kind_of_damage_is_seen_and_made_good() {
    let sent = [
        point("1", true, Some(4), 0),
        point("2", true, None, 7),
        point("3", false, None, 0),
    ];
    let other = || point("2", true, None, 7);
    let closed = || point("3", false, None, 0);
    for (seen, first) in [
        // Gone, switched off with goods, number lost.
        (vec![other(), closed()], None),
        (vec![point("1", false, Some(4), 0), other(), closed()], None),
        (vec![point("1", false, None, 0), other(), closed()], None),
        (vec![point("1", true, None, 0), other(), closed()], None),
        // Sold one and lost its preorder days: the stock of now, the days of before.
        (
            vec![point("1", true, Some(3), 5), other(), closed()],
            Some(Some(3)),
        ),
    ] {
        assert!(is_damaged(&sent, &seen), "{seen:?}");
        let image = restored(&sent, &seen);
        assert!(
            image.contains(&point("1", true, first.unwrap_or(Some(4)), 0)),
            "{image:?}"
        );
        assert!(image.contains(&other()) && image.contains(&closed()) && image.len() == 3);
    }
    let opened = [
        point("1", true, Some(4), 0),
        point("2", true, None, 7),
        point("3", true, None, 0),
    ];
    assert!(is_damaged(&sent, &opened));
    assert!(restored(&sent, &opened).contains(&closed()));
    let without_days = [
        point("1", true, Some(4), 0),
        point("2", true, None, 0),
        point("3", false, None, 0),
    ];
    assert!(restored(&sent, &without_days).contains(&other()));
}
