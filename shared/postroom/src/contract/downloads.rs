//! What those promise who let others read objects.

use std::time::Duration;

use crate::contract::objects::{ObjectsUnderTest, key};
use crate::port::{Download, ObjectError, Uploads};

/// As often as one likes, while it lasts, and saved under its name.
pub async fn a_permitted_download_is_the_object(subject: &dyn ObjectsUnderTest) {
    let download = download(subject, "a b+c/größe.csv");
    subject.objects().put(&download.key, "text/plain", "a,b\n".into()).await.unwrap();

    let permitted = subject.downloads().permit_download(&download).await.unwrap();

    for _ in 0..2 {
        let got = subject.download(&permitted).await;
        assert_eq!(got.as_deref(), Some(&b"a,b\n"[..]));
    }
}

/// Nothing but this object.
pub async fn another_object_is_not_permitted(subject: &dyn ObjectsUnderTest) {
    let download = download(subject, "a.csv");
    for name in ["a.csv", "b.csv"] {
        subject.objects().put(&key(name), "text/csv", name.to_owned().into()).await.unwrap();
    }
    let mut permitted = subject.downloads().permit_download(&download).await.unwrap();

    permitted.url = permitted.url.replacen("a.csv", "b.csv", 1);

    assert_eq!(subject.download(&permitted).await, None);
}

/// It ends when it was said to.
pub async fn a_download_ends(subject: &dyn ObjectsUnderTest) {
    let good = download(subject, "a.csv");
    subject.objects().put(&good.key, "text/csv", "a".into()).await.unwrap();

    for (ago, is_there) in [(Duration::from_secs(30), true), (Duration::from_secs(61), false)] {
        let at = subject.now().checked_sub(ago).unwrap();
        let download = Download { at, ..good.clone() };

        let permitted = subject.downloads().permit_download(&download).await.unwrap();

        assert_eq!(subject.download(&permitted).await.is_some(), is_there, "{ago:?} ago");
    }
}

/// Longer than permissions last, of a type that cannot be said, under a name that would say more.
pub async fn what_cannot_be_downloaded_so_is_refused(subject: &dyn ObjectsUnderTest) {
    let good = download(subject, "a.csv");
    let named = |name: &str| Download { file_name: name.to_owned(), ..good.clone() };
    let typed = |of: &str| Download { content_type: of.to_owned(), ..good.clone() };
    let lasting = |lasts| Download { lasts, ..good.clone() };
    let longest = <dyn Uploads>::LONGEST;

    subject.downloads().permit_download(&lasting(longest)).await.unwrap();
    subject.downloads().permit_download(&named(&"n".repeat(255))).await.unwrap();
    for other in [
        named(""),
        named(&"n".repeat(256)),
        named("a\"; filename=\"b"),
        named("a\r\nb"),
        named("größe.csv"),
        typed("text/csv\r\nx-evil: 1"),
        typed(""),
        lasting(longest + Duration::from_secs(1)),
        lasting(Duration::ZERO),
    ] {
        let refused = subject.downloads().permit_download(&other).await.unwrap_err();
        assert!(matches!(refused, ObjectError::Refused { .. }), "{refused:?}");
    }
}

fn download(subject: &dyn ObjectsUnderTest, name: &str) -> Download {
    Download {
        key: key(name),
        file_name: "report-1.csv".to_owned(),
        content_type: "text/csv".to_owned(),
        at: subject.now(),
        lasts: Duration::from_mins(1),
    }
}
