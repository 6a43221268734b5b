#include "cache/transferbar.h"

#include "cache/entryundo.h"
#include "cache/session.h"
#include "theme/theme.h"
#include "widgets/controls.h"
#include "widgets/elidedlabel.h"
#include "widgets/format.h"

#include <QDir>
#include <QFile>
#include <QHBoxLayout>
#include <QPointer>
#include <QProgressBar>

namespace llmcache::ui {

namespace {

/// The choice of what becomes of entries that are there already: they stay.
constexpr int keepTheirs = static_cast<int>(OnConflict::Skip);

QString entries(qint64 count)
{
    return count == 1 ? TransferBar::tr("1 entry") : TransferBar::tr("%1 entries").arg(format::count(count));
}

QString shortName(const QString& path)
{
    return QFileInfo(path).fileName();
}

} // namespace

TransferBar::TransferBar(const Theme* theme, QWidget* parent)
    : QFrame(parent)
    , m_title(makeLabel({}, Tone::Normal, TextSize::Body, QFont::DemiBold, this))
    , m_text(new ElidedLabel(this))
    , m_progress(new QProgressBar(this))
    , m_conflict(new SegmentedControl(this))
    , m_import(primaryButton(tr("Import"), this))
    , m_cancel(secondaryButton(tr("Cancel"), this))
    , m_close(flatButton(tr("Close"), this))
{
    setObjectName(QStringLiteral("transferBar"));
    setProperty("surface", QStringLiteral("panel"));
    setTone(m_text, Tone::Secondary);
    m_title->setObjectName(QStringLiteral("transferTitle"));
    m_text->setObjectName(QStringLiteral("transferText"));
    m_import->setObjectName(QStringLiteral("importEntries"));
    m_cancel->setObjectName(QStringLiteral("cancelTransfer"));
    m_close->setObjectName(QStringLiteral("closeTransfer"));
    m_progress->setTextVisible(false);
    m_progress->setFixedSize(140, 4);
    m_progress->setAccessibleName(tr("Progress of the transfer"));
    m_conflict->setObjectName(QStringLiteral("onConflict"));
    m_conflict->setAccessibleName(tr("What becomes of entries that are there already"));
    m_conflict->setToolTip(tr("What becomes of entries that are there already: the store's stay, the file's "
                              "replace them, or the newer one of both wins"));
    for (const QString& choice : {tr("Keep"), tr("Replace"), tr("Newer")}) // as OnConflict
        m_conflict->addSegment(choice);

    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(16, 8, 16, 8);
    layout->setSpacing(12);
    layout->addWidget(m_title);
    layout->addWidget(m_text, 1);
    layout->addWidget(m_progress);
    layout->addWidget(m_conflict);
    for (Button* button : {m_import, m_cancel, m_close})
        layout->addWidget(button);
    setFixedHeight(theme->controlHeight() + 17);

    connect(m_import, &QPushButton::clicked, this, &TransferBar::import);
    connect(m_cancel, &QPushButton::clicked, this, [this] {
        if (m_state == State::Asking)
            setState(State::Hidden);
        else
            cancel();
    });
    connect(m_conflict, &SegmentedControl::currentChanged, this, [this] {
        if (m_state == State::Asking)
            showQuestion();
    });
    connect(m_close, &QPushButton::clicked, this, [this] { setState(State::Hidden); });
    connect(&m_tasks, &TaskScope::activeChanged, this, &TransferBar::activeChanged);
    setState(State::Hidden);
}

void TransferBar::setState(State state)
{
    m_state = state;
    setVisible(state != State::Hidden);
    m_progress->setVisible(isBusy());
    m_conflict->setVisible(false);
    m_import->setVisible(state == State::Asking);
    m_cancel->setVisible(isBusy() || state == State::Asking);
    m_close->setVisible(state == State::Result);
}

void TransferBar::show(const QString& title, const QString& text, bool isProblem)
{
    m_title->setText(title);
    setTone(m_title, isProblem ? Tone::Error : Tone::Normal);
    m_text->setText(text);
}

void TransferBar::showProgress(qint64 done, qint64 total)
{
    m_progress->setRange(0, total > 0 ? 1000 : 0);
    m_progress->setValue(total > 0 ? static_cast<int>(1000 * std::min(done, total) / total) : -1);
}

void TransferBar::forget()
{
    m_tasks.drop();
    ++m_generation;
    m_session = nullptr;
    setState(State::Hidden);
}

void TransferBar::startExport(Session* session, const EntryFilter& filter, const QString& path)
{
    if (isBusy())
        return;
    m_session = session;
    m_path = path;
    setState(State::Exporting);
    show(tr("Exporting"), shortName(path));
    showProgress(0, -1);
    ExportOptions options;
    options.filter = filter;
    options.nowMs = session->clock().nowMs();
    options.progress = [self = QPointer(this), generation = m_generation](const ExportReport& report) {
        if (!self || self->m_generation != generation)
            return;
        self->show(
            tr("Exporting"), tr("%1 so far, to %2").arg(entries(report.written), shortName(self->m_path)));
        self->showProgress(report.scanned, report.total);
    };
    m_tasks.run(
        [store = &session->store(), path, options = std::move(options)](const std::stop_token& stop) {
            ExportOptions stoppable = options;
            stoppable.stop = stop;
            return exportEntries(store, path, std::move(stoppable));
        },
        [this](const ExportReport& report) {
            setState(State::Result);
            QString text = QDir::toNativeSeparators(m_path);
            if (report.damaged > 0)
                text += tr(" · %1 damaged, left out").arg(entries(report.damaged));
            show(tr("Exported %1").arg(entries(report.written)), text);
        },
        [this](const Failure& failure) {
            if (failure.cancelled())
                QFile::remove(m_path + QStringLiteral(".part")); // there is nobody who would complete it
            fail(tr("Not exported"), failure);
        });
}

void TransferBar::startImport(Session* session, const QString& path)
{
    if (isBusy())
        return;
    m_session = session;
    m_path = path;
    check();
}

ImportOptions TransferBar::importOptions()
{
    ImportOptions options;
    options.nowMs = m_session->clock().nowMs();
    options.by = m_session->config().identity.user;
    options.journal = &m_session->undoJournal();
    options.progress = [self = QPointer(this), generation = m_generation](const ImportReport& report) {
        if (!self || self->m_generation != generation)
            return;
        const qint64 done = report.imported + report.kept + report.expired + report.malformed;
        if (report.lines == 0 || self->m_state == State::Checking)
            self->show(tr("Checking"),
                tr("%1 lines of %2").arg(format::count(report.checked), shortName(self->m_path)));
        else
            self->show(tr("Importing"), tr("%1 of %2").arg(format::count(done), entries(report.lines)));
        self->showProgress(done, report.lines);
    };
    return options;
}

void TransferBar::check()
{
    setState(State::Checking);
    show(tr("Checking"), shortName(m_path));
    showProgress(0, -1);
    m_firstMalformed.clear();
    ImportOptions options = importOptions();
    options.dryRun = true;
    options.onConflict = OnConflict::Replace; // what could be replaced at most
    options.malformed = [self = QPointer(this), generation = m_generation](
                            qint64 line, const QString& problem) {
        if (self && self->m_generation == generation && self->m_firstMalformed.isEmpty())
            self->m_firstMalformed = tr("line %1: %2").arg(line).arg(problem);
    };
    m_tasks.run(
        [store = &m_session->store(), path = m_path, options = std::move(options)](
            const std::stop_token& stop) {
            ImportOptions stoppable = options;
            stoppable.stop = stop;
            return importEntries(store, path, std::move(stoppable));
        },
        [this](const ImportReport& report) {
            m_checked = report;
            ask();
        },
        [this](const Failure& failure) { fail(tr("Not imported"), failure); });
}

void TransferBar::ask()
{
    const bool isPointless = m_checked.imported + m_checked.kept == 0;
    setState(isPointless ? State::Result : State::Asking);
    m_conflict->setCurrentIndex(keepTheirs);
    showQuestion();
    if (isPointless)
        return;
    m_conflict->setVisible(m_checked.replaced + m_checked.kept > 0);
    m_import->setFocus(Qt::OtherFocusReason);
}

void TransferBar::showQuestion()
{
    const ImportReport& report = m_checked;
    const qint64 there = report.replaced + report.kept;
    QStringList parts;
    if (there > 0)
        parts << tr("%1 there already").arg(format::count(there));
    if (m_conflict->currentIndex() != keepTheirs && !roomText(report.room).isEmpty())
        parts << roomText(report.room);
    if (report.expired > 0)
        parts << tr("%1 expired").arg(format::count(report.expired));
    if (report.malformed > 0)
        parts << tr("%1 malformed (%2)").arg(format::count(report.malformed), m_firstMalformed);
    if (!report.problem.isEmpty())
        parts << tr("the file %1").arg(report.problem);
    if (m_state == State::Result) {
        show(tr("Nothing to import"),
            parts.isEmpty() ? tr("The file is empty.") : parts.join(QStringLiteral(" · ")));
        return;
    }
    show(questionTitle(), parts.isEmpty() ? shortName(m_path) : parts.join(QStringLiteral(" · ")));
    m_import->setEnabled(report.imported > report.replaced || m_conflict->currentIndex() != keepTheirs);
}

QString TransferBar::questionTitle() const
{
    const qint64 there = m_checked.replaced + m_checked.kept;
    const qint64 added = m_checked.imported - m_checked.replaced;
    if (there == 0)
        return tr("Import %1?").arg(entries(added));
    if (added == 1)
        return tr("Import 1 new entry?");
    if (added > 0)
        return tr("Import %1 new entries?").arg(format::count(added));
    return m_conflict->currentIndex() == keepTheirs ? tr("Nothing in the file is new")
                                                    : tr("Import what is there already?");
}

void TransferBar::import()
{
    if (m_state != State::Asking)
        return;
    ImportOptions options = importOptions();
    options.onConflict = static_cast<OnConflict>(m_conflict->currentIndex());
    setState(State::Importing);
    show(tr("Importing"), shortName(m_path));
    showProgress(0, -1);
    m_tasks.run(
        [store = &m_session->store(), path = m_path, options = std::move(options)](
            const std::stop_token& stop) {
            ImportOptions stoppable = options;
            stoppable.stop = stop;
            return importEntries(store, path, std::move(stoppable));
        },
        [this](const ImportReport& report) { end(report); },
        [this](const Failure& failure) {
            fail(tr("Not all was imported"), failure);
            Q_EMIT imported({}); // some of it is there
        });
}

void TransferBar::end(const ImportReport& report)
{
    setState(State::Result);
    QStringList parts;
    if (report.replaced > 0)
        parts << tr("%1 in place of others").arg(format::count(report.replaced));
    if (report.kept > 0)
        parts << tr("%1 were there and stayed").arg(format::count(report.kept));
    show(tr("Imported %1").arg(entries(report.imported)),
        parts.isEmpty() ? shortName(m_path) : parts.join(QStringLiteral(" · ")));
    Q_EMIT imported(report);
}

void TransferBar::fail(const QString& title, const Failure& failure)
{
    setState(State::Result);
    if (failure.cancelled())
        show(title, tr("Cancelled"));
    else
        show(title, failure.message + QLatin1Char(' ') + failure.remedy, true);
}

} // namespace llmcache::ui
