#include "cache/entrydetail.h"

#include "cache/answereditor.h"
#include "cache/entrycallsmodel.h"
#include "cache/factlist.h"
#include "cache/picklepane.h"
#include "cache/rawpane.h"
#include "cache/requestpane.h"
#include "cache/schemapane.h"
#include "cache/session.h"
#include "cache/tagrow.h"
#include "cache/usagepane.h"
#include "cache/valuetext.h"
#include "store/entryid.h"
#include "theme/theme.h"
#include "widgets/badge.h"
#include "widgets/controls.h"
#include "widgets/elidedlabel.h"
#include "widgets/emptystate.h"
#include "widgets/errorbanner.h"
#include "widgets/format.h"
#include "widgets/spinner.h"
#include "widgets/tabstrip.h"

#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

constexpr int shownCalls = 200;

/// "pinned by ana: the answer was checked by hand".
QString pinText(const PinNote& note)
{
    const QString by =
        note.by.isEmpty() ? EntryDetail::tr("pinned") : EntryDetail::tr("pinned by %1").arg(note.by);
    return note.reason.isEmpty() ? by : by + QStringLiteral(": ") + note.reason;
}

} // namespace

EntryDetail::EntryDetail(const Theme* theme, QWidget* parent)
    : QFrame(parent)
    , m_theme(theme)
    , m_texts(this)
    , m_wholeJob(this)
    , m_schemaJob(this)
    , m_rawJob(this)
    , m_pages(new QStackedWidget(this))
    , m_nothing(new EmptyState(theme, IconName::Cache, tr("No entry selected"),
          tr("Select a row to see its answer, request, cost and calls."), {}, m_pages))
    , m_gone(new EmptyState(theme, IconName::Warning, tr("This entry is gone"),
          tr("It expired, or somebody deleted it, after the list was read."), tr("Remove it from the list"),
          m_pages))
{
    setProperty("surface", QStringLiteral("panel"));
    setObjectName(QStringLiteral("entryDetail"));
    m_gone->setObjectName(QStringLiteral("entryGone"));
    auto* entryPage = new QWidget(m_pages);
    auto* entryLayout = new QVBoxLayout(entryPage);
    entryLayout->setContentsMargins(16, 12, 16, 12);
    entryLayout->setSpacing(8);
    entryLayout->addWidget(makeHeading());
    m_banner = new ErrorBanner(theme, entryPage);
    entryLayout->addWidget(m_banner);
    m_tabs = new TabStrip(theme, entryPage);
    m_tabs->setObjectName(QStringLiteral("detailTabs"));
    m_tabs->setAccessibleName(tr("Parts of the entry"));
    setFocusProxy(m_tabs);
    entryLayout->addWidget(m_tabs);
    m_tabPages = new QStackedWidget(entryPage);
    entryLayout->addWidget(m_tabPages, 1);

    addTab(tr("Answer"), makeAnswerPage());
    m_request = new RequestPane(theme, m_tabPages);
    addTab(tr("Request"), m_request);
    m_usage = new UsagePane(theme, m_tabPages);
    addTab(tr("Usage"), m_usage);
    addTab(tr("Calls"), makeCallsPage());
    m_schema = new SchemaPane(theme, m_tabPages);
    addTab(tr("Schema"), m_schema);
    m_raw = new RawPane(theme, m_tabPages);
    addTab(tr("Raw"), m_raw);
    m_pickle = new PicklePane(theme, m_tabPages);
    addTab(tr("Pickle"), m_pickle);
    m_tabPages->addWidget(new QWidget(m_tabPages)); // of an entry that could not be read
    showTabs(false, true);
    connect(m_tabs, &QTabBar::currentChanged, m_tabPages, &QStackedWidget::setCurrentIndex);
    connect(m_tabs, &QTabBar::currentChanged, this, &EntryDetail::loadRaw);
    connect(m_tabs, &QTabBar::currentChanged, this, &EntryDetail::loadPickle);

    m_pages->addWidget(m_nothing);
    m_pages->addWidget(m_gone);
    m_pages->addWidget(entryPage);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_pages);

    connect(m_gone, &EmptyState::actionTriggered, this, [this] { Q_EMIT forgetRequested(m_fingerprint); });
    connect(m_banner, &ErrorBanner::actionTriggered, this, &EntryDetail::reload);
    connect(m_answer, &AnswerEditor::saved, this, &EntryDetail::saved);
    connect(m_answer, &AnswerEditor::editingChanged, this, [this](bool editing) {
        m_facts->setVisible(!editing); // the text needs the room
        m_tags->setVisible(!editing);
    });
    connect(m_answer, &AnswerEditor::reloadRequested, this, &EntryDetail::reload);
    connect(m_answer, &AnswerEditor::activeChanged, this, &EntryDetail::activeChanged);
    connect(m_pickle, &PicklePane::saved, this, [this](const QString& fingerprint, const EditResult& result) {
        Q_EMIT saved(fingerprint, result);
        if (fingerprint == m_fingerprint && result.revision != m_revision)
            reload();
    });
    connect(m_pickle, &PicklePane::revisionsRequested, this, [this] {
        m_tabs->setCurrentIndex(AnswerTab); // where it is said if there are none
        m_answer->offerRevisions();
    });
    connect(m_pickle, &PicklePane::activeChanged, this, &EntryDetail::activeChanged);
    connect(&m_tasks, &TaskScope::activeChanged, this, &EntryDetail::activeChanged);
    for (TaskScope* tasks : {&m_callTasks, &m_agentTasks, &m_rawTasks, &m_pinTasks})
        connect(tasks, &TaskScope::activeChanged, this, &EntryDetail::activeChanged);
    connect(m_tags, &TagRow::addRequested, this,
        [this](const QString& tag) { Q_EMIT tagRequested(m_fingerprint, tag, true); });
    connect(m_tags, &TagRow::removeRequested, this,
        [this](const QString& tag) { Q_EMIT tagRequested(m_fingerprint, tag, false); });
}

void EntryDetail::showUnreadable(const Failure& failure)
{
    if (failure.kind == QLatin1String("pickle"))
        m_banner->clear(); // it is said beside the bytes
    const bool hasPickle = isPythonKey(m_fingerprint);
    m_revision = 0;
    m_flagged.reset();
    if (hasPickle)
        m_flagged = pythonBadge();
    fitHeading();
    m_title->setText(tr("Unreadable entry"));
    m_shortFingerprint->setText(format::shortFingerprint(m_fingerprint));
    m_runAgain->setEnabled(false);
    // Nothing of the entry that was shown before may be taken for this one's.
    m_tabs->setVisible(hasPickle);
    if (!hasPickle) {
        m_tabPages->setCurrentIndex(BlankPage);
        return;
    }
    showTabs(true, false);
    loadPickle();
}

void EntryDetail::loadPickle()
{
    if (m_tabs->currentIndex() == PickleTab && m_session && isPythonKey(m_fingerprint))
        m_pickle->show(m_fingerprint, m_revision);
}

void EntryDetail::setSession(Session* session)
{
    clear();
    m_session = session;
    m_answer->setSession(session);
    m_pickle->setSession(session);
}

void EntryDetail::clear()
{
    stopReading();
    m_fingerprint.clear();
    m_loaded = false;
    m_spinner->setBusy(false);
    m_pages->setCurrentIndex(NothingPage);
    // Many megabytes are not held for a page that nobody sees. What is being typed stays.
    m_answer->setAnswer({}, Syntax::None, nullptr);
    m_prompt->setText({});
    m_request->show({}, {});
    m_usage->clear();
    m_callsModel->setCalls({}, 0);
    m_schema->show({});
    m_raw->clear();
    if (!m_pickle->isEditing())
        m_pickle->clear();
}

void EntryDetail::stopTasks()
{
    stopReading();
    m_answer->stopTasks();
    m_pickle->stopTasks();
    m_spinner->setBusy(false);
}

void EntryDetail::stopReading()
{
    for (TaskScope* tasks : {&m_tasks, &m_callTasks, &m_agentTasks, &m_rawTasks, &m_pinTasks})
        tasks->drop();
    for (NewestJob* job : {&m_texts, &m_wholeJob, &m_schemaJob, &m_rawJob})
        job->cancel();
}

void EntryDetail::setObstacle(const QString& why)
{
    m_answer->setObstacle(why);
    m_pickle->setObstacle(why);
    m_tags->setObstacle(why);
    m_delete->setEnabled(why.isEmpty());
    m_delete->setToolTip(why);
}

int EntryDetail::activeTasks() const
{
    return m_tasks.active() + m_callTasks.active() + m_agentTasks.active() + m_rawTasks.active()
        + m_pinTasks.active() + m_answer->activeTasks() + m_pickle->activeTasks();
}

void EntryDetail::show(const QString& fingerprint)
{
    if (fingerprint == m_fingerprint)
        return;
    m_fingerprint = fingerprint;
    m_revision = 0;
    m_raw->clear(); // it comes last, and must not be taken for this entry's meanwhile
    reload();
}

void EntryDetail::reload()
{
    if (!m_session || m_fingerprint.isEmpty())
        return;
    stopReading();
    m_loaded = false;
    // What was shown stays until the new entry is there: most are there at once, and nothing flickers.
    m_spinner->setBusy(true);
    m_tasks.run([store = &m_session->store(), fingerprint = m_fingerprint](
                    const std::stop_token&) { return store->lookup(fingerprint); },
        [this](std::optional<Entry> entry) { take(std::move(entry)); },
        [this](const Failure& failure) {
            m_spinner->setBusy(false);
            m_pages->setCurrentIndex(EntryPage);
            m_banner->showProblem(failure.message, failure.remedy, tr("Retry"));
            showUnreadable(failure);
        });
}

void EntryDetail::take(std::optional<Entry> entry)
{
    m_banner->clear();
    if (!entry) {
        m_spinner->setBusy(false);
        m_loaded = true;
        m_answer->setGone();
        m_pickle->setGone();
        m_pages->setCurrentIndex(m_answer->isEditing() || m_pickle->isEditing() ? EntryPage : GonePage);
        return;
    }
    m_revision = entry->meta.revision;
    m_tabs->show();
    m_tabPages->setCurrentIndex(m_tabs->currentIndex());
    showTabs(entry->meta.python, true);
    // Of what a Python program stored there may be neither.
    m_tabs->setTabVisible(RequestTab, !entry->meta.python || !entry->request.empty());
    m_tabs->setTabVisible(SchemaTab, !entry->meta.python || !entry->meta.agent.isEmpty());
    loadPickle();
    showFacts(*entry);
    m_answer->setEntry(*entry);
    // Values may be large: what is shown of them is made elsewhere.
    const auto shared = std::make_shared<const Entry>(std::move(*entry));
    const std::shared_ptr<const Json> output(shared, &shared->output);
    m_texts.start([shared](const std::stop_token&) { return textsOf(*shared); },
        [this, shared, output](const EntryTexts& texts) {
            showTexts(texts, output);
            // Last, since it takes as long as all the rest and stands on the last tab.
            m_wholeJob.start([shared](const std::stop_token&) { return storedText(*shared); },
                [this](const QString& text) { m_raw->setWhole(text); });
        });
    loadCalls();
    checkSchema(shared);
    if (shared->meta.pinned)
        loadPinNote();
    m_rawShown.clear();
    loadRaw();
}

void EntryDetail::checkSchema(std::shared_ptr<const Entry> entry)
{
    m_tabs->setTabText(SchemaTab, tr("Schema"));
    const auto check = [this, entry](const std::optional<Agent>& agent) {
        m_schemaJob.start([entry, agent](const std::stop_token&) { return schemaTexts(*entry, agent); },
            [this](const SchemaTexts& texts) {
                m_tabs->setTabText(SchemaTab, SchemaPane::tabTitle(texts.check));
                m_schema->show(texts);
            });
    };
    if (entry->meta.agent.isEmpty()) {
        check(std::nullopt);
        return;
    }
    m_agentTasks.run([store = &m_session->store(), name = entry->meta.agent](
                         const std::stop_token&) { return store->loadAgent(name); },
        [check](const std::optional<StoredAgent>& stored) {
            check(stored ? std::optional(stored->agent) : std::nullopt);
        },
        [this](const Failure& failure) {
            SchemaTexts texts;
            texts.check.state = SchemaCheck::State::Unreadable;
            texts.check.violations = QStringList{tr("The agent could not be read: %1").arg(failure.message)};
            m_tabs->setTabText(SchemaTab, SchemaPane::tabTitle(texts.check));
            m_schema->show(texts);
        });
}

void EntryDetail::loadPinNote()
{
    m_pinTasks.run([store = &m_session->store(), fingerprint = m_fingerprint](
                       const std::stop_token&) { return readPinNote(store, fingerprint); },
        [this](const PinNote& note) {
            m_facts->setLine(ExpiresFact, tr("never"), pinText(note), pinText(note).toHtmlEscaped());
        },
        [](const Failure&) { /* that it is pinned is said already */ });
}

void EntryDetail::loadRaw()
{
    const QString shown = m_fingerprint + QLatin1Char(':') + QString::number(m_revision);
    if (m_tabs->currentIndex() != RawTab || !m_session || m_revision == 0 || m_rawShown == shown)
        return;
    m_rawShown = shown;
    m_rawTasks.drop();
    m_rawTasks.run([store = &m_session->store(), fingerprint = m_fingerprint](
                       const std::stop_token&) { return readRaw(store, fingerprint); },
        [this](const std::optional<RawEntry>& raw) {
            if (!raw)
                return;
            m_rawJob.start([raw = std::make_shared<const RawEntry>(*raw)](
                               const std::stop_token&) { return std::pair(raw, rawFieldTexts(*raw)); },
                [this](const std::pair<std::shared_ptr<const RawEntry>, std::vector<RawFieldText>>& read) {
                    m_raw->show(*read.first, read.second, m_session->clock().nowMs());
                });
        },
        [this](const Failure& failure) {
            m_rawShown.clear();
            m_raw->showProblem(failure.message + QLatin1Char(' ') + failure.remedy);
        });
}

void EntryDetail::showFacts(const Entry& entry)
{
    const EntryMeta& meta = entry.meta;
    m_title->setText(!meta.agent.isEmpty() ? meta.agent
            : meta.python                  ? tr("Agent not known")
                                           : tr("No agent"));
    m_shortFingerprint->setText(format::shortFingerprint(meta.fingerprint));
    m_flagged.reset();
    if (meta.human || meta.python)
        m_flagged = meta.human ? humanBadge() : pythonBadge();
    fitHeading();
    m_copyFingerprint->setToolTip(tr("Copy the fingerprint %1").arg(meta.fingerprint));
    m_copyFingerprint->setAccessibleName(tr("Copy the fingerprint"));
    const bool hasRequest = !entry.request.empty();
    m_runAgain->setEnabled(hasRequest);
    m_runAgain->setToolTip(!hasRequest ? tr("What pyai-caching stores does not hold the request")
                                       : tr("Open the request in the workbench"));

    Quote quote;
    try {
        quote = m_session->runner().prices().quote(meta.model, entry.usage, meta.createdMs);
    } catch (const Error& error) {
        quote.problem = error.text();
    }
    m_usage->show(entry, quote);

    const qint64 nowMs = m_session->clock().nowMs();
    m_facts->setLine(ModelFact, meta.model, {},
        entry.providerModel.isEmpty() ? QString()
                                      : tr("reported as %1").arg(entry.providerModel.toHtmlEscaped()));
    m_facts->setLine(TaskFact, meta.task);
    m_facts->setLine(StoredFact,
        meta.createdMs == 0         ? tr("not known")
            : meta.author.isEmpty() ? format::fullTime(meta.createdMs)
                                    : tr("%1 by %2").arg(format::fullTime(meta.createdMs), meta.author));
    if (meta.expiresMs)
        m_facts->setLine(ExpiresFact,
            *meta.expiresMs > nowMs
                ? tr("in %1").arg(format::lifetime(std::chrono::seconds((*meta.expiresMs - nowMs) / 1000)))
                : tr("expired"),
            {}, format::fullTime(*meta.expiresMs));
    else
        m_facts->setLine(ExpiresFact, tr("never"), meta.pinned ? tr("pinned") : QString());
    QString input = tr("%1 in").arg(format::count(entry.usage.inputTokens));
    if (entry.usage.cacheReadTokens > 0)
        input += tr(" (%1 cached)").arg(format::count(entry.usage.cacheReadTokens));
    m_facts->setLine(TokensFact, tr("%1 · %2 out").arg(input, format::count(entry.usage.outputTokens)));
    m_facts->setLine(CostFact, format::money(meta.cost),
        meta.cost == quote.total ? arithmetic(quote) : QString(), format::moneyToolTip(meta.cost));
    const auto saved = meta.cost ? std::optional(*meta.cost * meta.hits) : std::nullopt;
    m_facts->setLine(SavedFact,
        meta.hits == 0       ? tr("not used yet")
            : meta.hits == 1 ? tr("%1 in 1 hit").arg(format::money(saved))
                             : tr("%1 in %2 hits").arg(format::money(saved), format::count(meta.hits)),
        {}, format::moneyToolTip(saved));
    m_facts->setLine(LatencyFact, format::duration(meta.latency));
    m_facts->setLine(FingerprintFact, meta.fingerprint);
    m_tags->setTags(meta.tags);
}

void EntryDetail::showTexts(const EntryTexts& texts, std::shared_ptr<const Json> answer)
{
    m_spinner->setBusy(false);
    m_loaded = true;
    m_answer->setAnswer(texts.answer, texts.answerSyntax, std::move(answer));
    m_prompt->setText(texts.prompt);
    m_request->show(texts.requestSections, texts.request);
    m_usage->setRawUsage(texts.rawUsage);
    m_pages->setCurrentIndex(EntryPage);
}

void EntryDetail::loadCalls()
{
    m_tabs->setTabText(CallsTab, tr("Calls"));
    CallQuery query;
    query.fingerprint = m_fingerprint;
    query.limit = shownCalls;
    m_callTasks.run([session = m_session, query](const std::stop_token&) { return session->calls(query); },
        [this](std::vector<Call> calls) {
            const auto count = static_cast<qint64>(calls.size());
            m_tabs->setTabText(CallsTab,
                count == 0               ? tr("Calls")
                    : count < shownCalls ? tr("Calls %1").arg(count)
                                         : tr("Calls %1+").arg(count));
            m_callsModel->setCalls(std::move(calls), m_session->clock().nowMs());
            m_callPages->setCurrentIndex(count == 0 ? 1 : 0);
        },
        [this](const Failure& failure) {
            m_callsModel->setCalls({}, 0);
            m_banner->showProblem(tr("The calls of this entry could not be read: %1").arg(failure.message),
                failure.remedy, tr("Retry"));
        });
}

} // namespace llmcache::ui
