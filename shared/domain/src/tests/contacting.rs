//! Contacts: one for each address, by hand or many at once, and found by how their e-mail or their name begins.

use std::sync::Mutex;

use postroom::port::Page;
use postroom::{Command, ExecuteError, Place, Transaction, Tx, TxError};

use super::world::World;
use crate::contacts::{
    AddContact, AddContactError, Contact, ContactAdded, ContactInput, ContactQuery, NewContact,
    get_contact, list_contact_timeline, list_contacts,
};
use crate::id::ContactId;
use crate::page::PageRequest;

/// More than all pages of any list here.
const MAX_PAGES: usize = 50;

fn contact(email: &str, name: &str) -> NewContact {
    let (email, name) = (email.to_owned(), name.to_owned());
    ContactInput { email, name, phone: None }.try_into().unwrap()
}

async fn add(world: &World, email: &str, name: &str) -> Contact {
    world.execute(&AddContact(contact(email, name))).await.unwrap()
}

fn exists<T: std::fmt::Debug>(added: Result<T, ExecuteError<AddContactError>>) -> ContactId {
    match added {
        Err(ExecuteError::Command { source: AddContactError::Exists { contact_id }, .. }) => {
            contact_id
        }
        other => panic!("{other:?}"),
    }
}

async fn page(world: &World, query: &str, limit: usize, after: Option<String>) -> Page<Contact> {
    let query: ContactQuery = query.parse().unwrap();
    list_contacts(&world.reader(), &query, PageRequest { limit, after }).await.unwrap()
}

fn emails(page: &Page<Contact>) -> Vec<String> {
    page.items.iter().map(|contact| contact.email.to_string()).collect()
}

/// What a query finds, by pages of so many.
async fn found(world: &World, query: &str, limit: usize) -> Vec<String> {
    let (mut found, mut after) = (Vec::new(), None);
    for _ in 0..MAX_PAGES {
        let next = page(world, query, limit, after).await;
        assert!(next.items.len() <= limit);
        found.extend(emails(&next));
        after = next.next;
        if after.is_none() {
            return found;
        }
    }
    panic!("the list does not end");
}

#[tokio::test]
async fn a_contact_is_there_with_its_event_and_can_be_found() {
    let world = World::new();

    let added = add(&world, " Ann@Example.com", "Ann Smith").await;

    assert_eq!(get_contact(&world.reader(), added.id).await.unwrap(), added);
    assert_eq!(added.id, ContactId::of(&"demo".parse().unwrap(), &added.email));
    assert_eq!(world.events(), ["contact.added"]);
    assert_eq!(found(&world, "ann s", 100).await, ["ann@example.com"]);
}

#[tokio::test]
async fn an_address_has_one_contact_however_it_is_written() {
    let world = World::new();
    let ann = add(&world, "ann@example.com", "Ann").await;

    let again = world.execute(&AddContact(contact("ANN@Example.Com ", "Another Ann"))).await;

    assert_eq!(exists(again), ann.id);
    assert_eq!(world.events().len(), 1);
    assert_eq!(get_contact(&world.reader(), ann.id).await.unwrap(), ann);
    assert_eq!(found(&world, "another", 100).await, [""; 0]);
}

#[tokio::test]
async fn of_two_who_add_one_address_at_the_same_time_one_does() {
    let world = World::new();
    let first = AddContact(contact("ann@example.com", "First"));
    let contact = contact("ann@example.com", "Second");
    let overtaken = Overtaken { world: &world, contact, first: Mutex::new(Some(first)) };

    let second = world.execute(&overtaken).await;

    let contact_id = exists(second);
    assert_eq!(get_contact(&world.reader(), contact_id).await.unwrap().name, "First");
    assert_eq!(world.events(), ["contact.added"]);
    assert_eq!(found(&world, "second", 100).await, [""; 0]);
}

/// Adds many as an import does. Answers how many are new.
struct AddMany(Vec<NewContact>);

impl Command for AddMany {
    const NAME: &'static str = "add-many";
    type Output = usize;
    type Error = AddContactError;

    async fn handle(&self, tx: &mut Tx) -> Result<usize, AddContactError> {
        let ids: Vec<ContactId> = self.0.iter().map(|contact| contact.id(tx.tenant())).collect();
        let places: Vec<Place<Contact>> = ids.iter().map(|id| Contact::at(*id)).collect();
        let contact_id = ids[0];
        let failed = |source| AddContactError::Tx { contact_id, source };
        tx.load_many(&places).await.map_err(failed)?;
        let mut new = 0;
        for contact in &self.0 {
            match contact.add(tx).await {
                Ok(_) => new += 1,
                Err(AddContactError::Exists { .. }) => {}
                Err(failed @ AddContactError::Tx { .. }) => return Err(failed),
            }
        }
        Ok(new)
    }
}

fn numbered(numbers: std::ops::Range<usize>) -> Vec<NewContact> {
    numbers.map(|number| contact(&format!("{number}@example.com"), "One of many")).collect()
}

#[tokio::test]
async fn many_are_added_at_once_and_each_address_counts_once() {
    let world = World::new();
    add(&world, "1@example.com", "One").await;
    let twice = [numbered(0..4), numbered(2..3)].concat();

    let new = world.execute(&AddMany(twice)).await.unwrap();

    assert_eq!(new, 3);
    assert_eq!(world.events().len(), 4);
    assert_eq!(found(&world, "one", 100).await.len(), 4);
}

#[tokio::test]
async fn each_contact_takes_four_of_a_transactions_hundred_actions() {
    let world = World::new();
    // One is the record of what was done.
    let most = (Transaction::MAX_ACTIONS - 1) / NewContact::ACTIONS;

    let too_many = world.execute(&AddMany(numbered(0..most + 1))).await.unwrap_err();
    let new = world.execute(&AddMany(numbered(0..most))).await.unwrap();

    assert_eq!((new, world.events().len()), (24, 24));
    assert_eq!(world.count::<Contact>(), 24);
    let ExecuteError::Command { source: AddContactError::Tx { source, .. }, .. } = too_many else {
        panic!("{too_many:?}")
    };
    assert!(matches!(source, TxError::TooManyActions { .. }));
}

#[tokio::test]
async fn a_query_finds_by_e_mail_first_and_then_by_name_each_contact_once() {
    let world = World::new();
    for (email, name) in [
        ("zoe@example.com", "Anna Zett"),
        ("anna@example.com", "Anna Abel"),
        ("ann@example.com", "ann smith"),
        ("bob@example.com", "ANN"),
        ("an@example.com", "Bob"),
        ("joann@example.com", "Jo Ann"),
    ] {
        add(&world, email, name).await;
    }

    for limit in [1, 2, 3, 100] {
        for query in ["ann", "ANN", " Ann "] {
            let expected =
                ["ann@example.com", "anna@example.com", "bob@example.com", "zoe@example.com"];
            assert_eq!(found(&world, query, limit).await, expected, "{query:?} by {limit}");
        }
        assert_eq!(found(&world, "ann@", limit).await, ["ann@example.com"]);
        assert_eq!(found(&world, "ann  s", limit).await, ["ann@example.com"]);
        assert_eq!(found(&world, "nn", limit).await, [""; 0]);
    }
}

#[tokio::test]
async fn without_a_query_all_are_there_in_the_order_of_their_e_mails() {
    let world = World::new();
    for (email, name) in [("b@example.com", "1"), ("c@example.com", "0"), ("a@example.com", "2")] {
        add(&world, email, name).await;
    }

    for (limit, query) in [(1, ""), (2, " "), (100, "")] {
        let expected = ["a@example.com", "b@example.com", "c@example.com"];
        assert_eq!(found(&world, query, limit).await, expected);
    }
}

#[tokio::test]
async fn no_query_reaches_behind_the_end_of_a_name() {
    let world = World::new();
    let ann = add(&world, "1@example.com", "Ann").await;
    add(&world, "2@example.com", "Ann# 50% off").await;
    let id = ann.id.to_string();

    for query in [
        format!("ann {id}"),
        format!("ann  {id}"),
        format!("ann#{id}"),
        format!("ann {}", &id[..1]),
    ] {
        assert_eq!(found(&world, &query, 100).await, [""; 0], "{query:?}");
    }
    assert_eq!(found(&world, "ann#", 100).await, ["2@example.com"]);
    assert_eq!(found(&world, "ann# 50%", 100).await, ["2@example.com"]);
}

#[tokio::test]
async fn what_stays_is_neither_skipped_nor_repeated_while_others_come() {
    let world = World::new();
    for (email, name) in [
        ("ann1@example.com", "Ann One"),
        ("ann5@example.com", "Five"),
        ("p@example.com", "Ann P"),
        ("q@example.com", "Ann Q"),
    ] {
        add(&world, email, name).await;
    }

    let (mut seen, mut after) = (Vec::new(), None);
    for number in 0..MAX_PAGES {
        let next = page(&world, "ann", 1, after).await;
        seen.extend(emails(&next));
        after = next.next;
        if after.is_none() {
            break;
        }
        // They come before, between and behind, and among names.
        if number == 0 {
            for (email, name) in [
                ("ann0@example.com", "Ann P"),
                ("ann3@example.com", "Ann"),
                ("o@example.com", "Ann O"),
            ] {
                add(&world, email, name).await;
            }
        }
    }

    let expected = ["ann1", "ann3", "ann5", "o", "p", "q"];
    assert_eq!(seen, expected.map(|name| format!("{name}@example.com")));
}

#[tokio::test]
async fn a_contacts_timeline_is_its_stream_the_newest_first() {
    let world = World::new();
    let ann = add(&world, "ann@example.com", "Ann").await;
    add(&world, "bob@example.com", "Bob").await;
    for name in ["Ann the second", "Ann the third"] {
        let name = name.to_owned();
        world.execute(&Tell(Contact { name, ..ann.clone() })).await.unwrap();
    }

    let (mut pages, mut after) = (Vec::new(), None);
    for _ in 0..MAX_PAGES {
        let request = PageRequest { limit: 2, after };
        let page = list_contact_timeline(&world.reader(), &world.history(), ann.id, request).await;
        let page = page.unwrap();
        pages.push(page.items.into_iter().map(|item| item.text).collect::<Vec<_>>());
        after = page.next;
        if after.is_none() {
            break;
        }
    }

    assert_eq!(
        pages,
        [vec!["Ann the third was added", "Ann the second was added"], vec!["Ann was added"]]
    );
}

/// Emits one event more about a contact, under another name.
struct Tell(Contact);

impl Command for Tell {
    const NAME: &'static str = "tell";
    type Output = ();
    type Error = TxError;

    async fn handle(&self, tx: &mut Tx) -> Result<(), TxError> {
        let Contact { id: contact_id, email, name, phone, .. } = self.0.clone();
        tx.load(&Contact::at(contact_id)).await?;
        let told = ContactAdded { contact_id, email, name, phone };
        tx.emit(told).map(drop)
    }
}

#[tokio::test]
async fn another_tenant_finds_nobody_and_may_have_the_same_address() {
    let world = World::new();
    let ann = add(&world, "ann@example.com", "Ann").await;
    let other = world.reader_of("other");

    let all = PageRequest { limit: 10, after: None };
    let listed = list_contacts(&other, &ContactQuery::default(), all).await.unwrap();

    assert_eq!(listed.items, []);
    assert!(get_contact(&other, ann.id).await.is_err());
    assert_ne!(ContactId::of(&"other".parse().unwrap(), &ann.email), ann.id);
}

/// Adds a contact, and before the commit of its first try somebody else adds another.
struct Overtaken<'a> {
    world: &'a World,
    contact: NewContact,
    first: Mutex<Option<AddContact>>,
}

impl Command for Overtaken<'_> {
    const NAME: &'static str = AddContact::NAME;
    type Output = Contact;
    type Error = AddContactError;

    async fn handle(&self, tx: &mut Tx) -> Result<Contact, AddContactError> {
        let added = self.contact.add(tx).await;
        let first = self.first.lock().unwrap().take();
        if let Some(first) = first {
            self.world.execute(&first).await.unwrap();
        }
        added
    }
}
