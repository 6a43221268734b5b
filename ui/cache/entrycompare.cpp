#include "cache/entrycompare.h"

#include "cache/session.h"
#include "theme/theme.h"
#include "widgets/controls.h"
#include "widgets/errorbanner.h"
#include "widgets/format.h"
#include "widgets/spinner.h"

#include <QCoreApplication>
#include <QKeyEvent>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("EntryCompare", text);
}

} // namespace

QString entryName(const EntryMeta& meta)
{
    const QString agent = meta.agent.isEmpty() ? tr("no agent") : meta.agent;
    return agent + QLatin1Char(' ') + format::shortFingerprint(meta.fingerprint);
}

std::vector<DiffSection> entryDifferences(const Entry& left, const Entry& right)
{
    std::vector<DiffSection> sections;
    if (left.output.is_string() && right.output.is_string())
        addTextSection(sections, tr("Answer"), outputText(left.output), outputText(right.output));
    else
        addJsonSections(sections, tr("Answer"), left.output, right.output);
    addJsonSections(sections, tr("Request"), left.request, right.request);
    const auto add = [&sections](const QString& title, const QString& one, const QString& other) {
        if (one == other)
            return;
        DiffSection section{title, {}};
        if (!one.isEmpty())
            section.pieces.push_back({DiffKind::Removed, one});
        if (!other.isEmpty())
            section.pieces.push_back({DiffKind::Added, other});
        sections.push_back(std::move(section));
    };
    const auto tokens = [](const Entry& entry) {
        return tr("%1 in · %2 out")
            .arg(format::count(entry.usage.inputTokens), format::count(entry.usage.outputTokens));
    };
    const EntryMeta& one = left.meta;
    const EntryMeta& other = right.meta;
    add(tr("Agent"), one.agent, other.agent);
    add(tr("Task"), one.task, other.task);
    add(tr("Author"), one.author, other.author);
    const auto writer = [](const EntryMeta& meta) { return meta.human ? tr("a person") : tr("the model"); };
    add(tr("Answer by"), writer(one), writer(other));
    add(tr("Stored"), format::fullTime(one.createdMs), format::fullTime(other.createdMs));
    add(tr("Tokens"), tokens(left), tokens(right));
    add(tr("Cost"), format::money(one.cost), format::money(other.cost));
    add(tr("Tags"), one.tags.join(QStringLiteral(", ")), other.tags.join(QStringLiteral(", ")));
    return sections;
}

EntryCompare::EntryCompare(const Theme* theme, QWidget* parent)
    : QFrame(parent)
    , m_job(this)
    , m_banner(new ErrorBanner(theme, this))
    , m_spinner(new Spinner(theme, this))
    , m_view(new DiffView(theme, this))
{
    setProperty("surface", QStringLiteral("panel"));
    setObjectName(QStringLiteral("entryCompare"));
    auto* close = secondaryButton(tr("Close"), this);
    close->setObjectName(QStringLiteral("closeCompare"));
    auto* head = new QHBoxLayout;
    head->setSpacing(8);
    head->addWidget(makeLabel(tr("Compare"), Tone::Normal, TextSize::Large, QFont::DemiBold, this));
    head->addStretch(1);
    head->addWidget(m_spinner);
    head->addWidget(close);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 12, 16, 12);
    layout->setSpacing(8);
    layout->addLayout(head);
    layout->addWidget(m_banner);
    layout->addWidget(m_view, 1);
    setFocusProxy(m_view);
    connect(close, &QPushButton::clicked, this, &EntryCompare::closed);
    connect(&m_tasks, &TaskScope::activeChanged, this, &EntryCompare::activeChanged);
}

void EntryCompare::setSession(Session* session)
{
    stopTasks();
    m_session = session;
    m_view->setSections({});
}

void EntryCompare::stopTasks()
{
    m_tasks.drop();
    m_job.cancel();
    m_spinner->setBusy(false);
}

QCoro::Task<EntryCompare::Pair> EntryCompare::readBoth(Store* store, QString left, QString right)
{
    Pair pair;
    auto readingLeft = store->lookup(std::move(left), EntryParts::All);
    pair.first = co_await readingLeft;
    auto readingRight = store->lookup(std::move(right), EntryParts::All);
    pair.second = co_await readingRight;
    co_return pair;
}

void EntryCompare::compare(const QString& left, const QString& right)
{
    stopTasks();
    if (!m_session)
        return;
    m_banner->clear();
    m_spinner->setBusy(true);
    m_view->setSides(format::shortFingerprint(left), format::shortFingerprint(right));
    m_tasks.run([store = &m_session->store(), left, right](
                    const std::stop_token&) { return readBoth(store, left, right); },
        [this](Pair entries) { take(std::move(entries)); },
        [this](const Failure& failure) {
            m_spinner->setBusy(false);
            m_banner->showProblem(failure.message, failure.remedy);
        });
}

void EntryCompare::take(Pair entries)
{
    if (!entries.first || !entries.second) {
        m_spinner->setBusy(false);
        m_view->setSections({});
        m_banner->showProblem(
            tr("One of the entries is gone: it expired, or somebody deleted it."), tr("Choose two others."));
        return;
    }
    m_view->setSides(entryName(entries.first->meta), entryName(entries.second->meta));
    m_job.start([pair = std::make_shared<const Pair>(std::move(entries))](
                    const std::stop_token&) { return entryDifferences(*pair->first, *pair->second); },
        [this](std::vector<DiffSection> sections) {
            m_spinner->setBusy(false);
            m_view->setSections(std::move(sections));
        });
}

void EntryCompare::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape)
        Q_EMIT closed();
    else
        QFrame::keyPressEvent(event);
}

} // namespace llmcache::ui
