//! A bot that reads command mails: the real reader, rules, keyring and authentication, over a store
//! in memory. Everything but the mails waits: what a command sets in motion is told elsewhere.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Arc;

use crate::adapters::authentication::MailAuthenticator;
use crate::adapters::keyring::KeyringFolder;
use crate::adapters::store::MemoryStore;
use crate::bot::engine::Engine;
use crate::bot::in_force::InForce;
use crate::bot::intake::Intake;
use crate::bot::journal::Journal;
use crate::bot::perform::perform;
use crate::bot::ports::{LetterSettings, Ports};
use crate::config::model::Dkim;
use crate::mail::Rules;
use crate::mail::letter::{Delivering, LetterWriter, ListWords, TargetWords};
use crate::mail::rules::Goal;
use crate::ports::{Folder, Keyring, Pipelines, Store};
use crate::pull::audit::AuditEntry;
use crate::pull::cover::Person;
use crate::pull::ids::{AccountName, ListName, TargetName};
use crate::pull::policy::Policy;
use crate::pull::world::chores::ChoreWork;
use crate::pull::world::{Input, Work};

use crate::command_mails::given;
use crate::scenario::Setting;
use crate::scenario::outside::{Accepted, BOT, LIST, Outside, OutsidePipeline, Plan, id_of};
use crate::scenario::ports::{
    ValueClock, ValueGitLab, ValueMailbox, ValueOutbound, ValueRepository,
};

/// The administrator.
const ADMIN: &str = "admin@example.org";

/// The server whose Authentication-Results are believed.
const MX: &str = "mx.example.org";

/// The bot, and the world outside of it.
pub(crate) struct Bot {
    outside: Outside,
    engine: Engine,
    policy: Policy,
    store: MemoryStore,
    rules: Rules,
}

impl Bot {
    /// A bot that watches, and knows what is given.
    pub(crate) fn new(keyring: &Path) -> Self {
        let outside = Outside::new();
        {
            let mut world = outside.lock();
            world.now = given::now();
            world.pipelines.extend([1, 4, 7].map(pipeline));
        }
        let store = MemoryStore::default();
        store.put(&given::records()).unwrap();
        let mut rules = Rules::usual(
            ListName::new("devel"),
            LIST,
            Some("devel.lists.example.org".to_owned()),
            Goal { target: TargetName::new("master"), branch: "master".into() },
        );
        rules.retest_by_mail = true;
        let policy = policy();
        let ports = ports(&outside, &store, &rules, keyring);
        let engine = Engine::start(policy.clone(), ports).unwrap();
        let mut bot = Self { outside, engine, policy, store, rules };
        bot.run();
        bot.outside.lock().accepted.clear();
        bot
    }

    /// A mail comes; everything that is to be done about it is done.
    pub(crate) fn gets(&mut self, mail: &[u8]) {
        self.outside.lock().deliver(mail);
        self.run();
    }

    /// The audit trail, oldest first.
    pub(crate) fn audit(&self) -> Vec<AuditEntry> {
        let mut entries = self.store.audit(None, 1_000).unwrap();
        entries.reverse();
        entries
    }

    /// The letters that went out.
    pub(crate) fn letters(&self) -> Vec<Accepted> {
        self.outside.lock().accepted.clone()
    }

    fn run(&mut self) {
        let mut handed_out = VecDeque::from(self.read());
        handed_out.extend(self.engine.take(Input::Tick).unwrap().work);
        while let Some(work) = handed_out.pop_front() {
            let about_mails = matches!(
                work,
                Work::Mail(..) | Work::Letter(..) | Work::Chore(ChoreWork::TellAlert(_))
            );
            if about_mails {
                let done = perform(self.engine.ports(), &self.policy, &work);
                handed_out.extend(self.engine.take(Input::Done(Box::new(done))).unwrap().work);
            }
        }
    }

    fn read(&mut self) -> Vec<Work> {
        let lists = vec![self.rules.clone()];
        let intake = Intake { folder: folder(), lists, commands: Some(BOT.into()), since: None };
        let mut mailbox = ValueMailbox(self.outside.clone(), false);
        let mut handed_out = Vec::new();
        loop {
            let cursor = self.engine.world().cursor(&intake.folder);
            let read = intake.read(&mut mailbox, cursor, self.engine.ports()).unwrap();
            let Some(input @ Input::Read { complete, .. }) = read else { return handed_out };
            handed_out.extend(self.engine.take(input).unwrap().work);
            if complete {
                return handed_out;
            }
        }
    }
}

fn folder() -> Folder {
    Folder { account: AccountName::new("bot"), folder: "INBOX".into() }
}

fn pipeline(number: u64) -> OutsidePipeline {
    OutsidePipeline {
        id: 1_000 + number,
        sha: id_of(&["merge", &number.to_string()]),
        ci_ref: format!("staging-gatepost-{number}-1"),
        created_at: given::now(),
        plan: Plan::default(),
        canceled: false,
        visible_at: given::now(),
    }
}

fn managers() -> Vec<String> {
    vec!["carol@example.org".into(), "mia@icloud.example".into()]
}

fn ports(outside: &Outside, store: &MemoryStore, rules: &Rules, keyring: &Path) -> Ports {
    let from = Person { name: Some("Gatepost".into()), address: BOT.into() };
    let writer = LetterWriter::new(&from, &managers(), ADMIN, Delivering::Live).unwrap();
    let (devel, master) = (ListName::new("devel"), TargetName::new("master"));
    let list = ListWords { name: devel.clone(), address: LIST.into(), retest_by_mail: true };
    let fetch_url = "https://gitlab.example.org/project.git".to_owned();
    let desk = LetterSettings {
        writer: writer.with_commands(BOT).unwrap(),
        sender: BOT.into(),
        managers: managers(),
        administrator: ADMIN.into(),
        commands: Some(BOT.into()),
        lists: [(devel.clone(), list)].into(),
        rules: [(devel, rules.clone())].into(),
        targets: [(master.clone(), TargetWords { branch: "master".into(), fetch_url })].into(),
        blind_copies: BTreeMap::new(),
    };
    let keyring: Arc<dyn Keyring> = Arc::new(KeyringFolder::new(keyring));
    let gitlab: Arc<dyn Pipelines> = Arc::new(ValueGitLab(outside.clone()));
    let dkim = Dkim::Header { authserv_id: MX.into() };
    Ports {
        clock: Arc::new(ValueClock(outside.clone())),
        store: Arc::new(store.clone()),
        journal: Journal::beside(Arc::new(store.clone())),
        repository: Arc::new(ValueRepository(outside.clone())),
        keyring: keyring.clone(),
        outbound: Arc::new(ValueOutbound(outside.clone())),
        pipelines: [(master, gitlab)].into(),
        authenticator: Arc::new(MailAuthenticator::new(keyring, &dkim)),
        desk: Arc::new(desk),
        in_force: InForce::default(),
    }
}

fn policy() -> Policy {
    let mut policy = Setting::default().policy;
    policy.administrator = ADMIN.into();
    policy.managers = managers();
    policy
}
