#include "cache/cacheview.h"

#include "cache/entrycompare.h"
#include "cache/entrytable.h"
#include "cache/entrytablemodel.h"
#include "cache/grouppanel.h"
#include "cache/schemascan.h"
#include "cache/selectionbar.h"
#include "cache/session.h"
#include "widgets/errorbanner.h"
#include "widgets/format.h"

#include <QApplication>
#include <QClipboard>
#include <QScrollBar>
#include <QSettings>
#include <QStackedWidget>
#include <QTimer>

// What can be done with entries without changing them.

namespace llmcache::ui {

namespace {

const QString groupKey = QStringLiteral("cache/group");
/// As JSON this is about 100 MB.
constexpr qint64 mostCopied = 100'000;
/// Rows that are scrolled past are not worth reading their entries.
constexpr std::chrono::milliseconds shownCheckDelay{250};

} // namespace

void CacheView::copyRows()
{
    const std::vector<RowRun> rows = m_table->selectedRuns();
    copyText(countOf(rows), m_model->tsvMaker(rows, m_table->shownColumns()));
}

void CacheView::copyRowsAsJson()
{
    const std::vector<RowRun> rows = m_table->selectedRuns();
    copyText(countOf(rows), m_model->jsonMaker(rows));
}

void CacheView::copyText(qint64 entries, std::function<QString(const std::stop_token&)> make)
{
    if (entries == 0)
        return;
    const QString these = format::counted(entries, tr("entry"), tr("entries"));
    if (entries > mostCopied) {
        Q_EMIT notice(tr("%1 are too many for the clipboard, which gets %2 at most. Export them instead.")
                          .arg(these, format::count(mostCopied)),
            {}, {});
        return;
    }
    m_copy.start(std::move(make), [this, these](const QString& text) {
        QApplication::clipboard()->setText(text);
        Q_EMIT notice(tr("Copied %1").arg(these), {}, {});
    });
}

void CacheView::selectAll()
{
    m_table->setFocus();
    m_table->selectAll();
}

void CacheView::compareSelected()
{
    const auto rows = m_table->selectedRows();
    if (rows.size() != 2)
        return;
    showSide(m_compare);
    m_compare->compare(m_model->fingerprintAt(rows[0]), m_model->fingerprintAt(rows[1]));
    m_compare->setFocus(Qt::OtherFocusReason);
}

void CacheView::showSide(QWidget* side)
{
    m_side->setCurrentWidget(side);
}

void CacheView::group(const QString& by)
{
    std::optional<EntryColumn> column;
    for (const EntryColumn candidate : {EntryColumn::Agent, EntryColumn::Model, EntryColumn::Task}) {
        if (by == QLatin1String(columnInfo(candidate).name))
            column = candidate;
    }
    if (m_settings)
        m_settings->setValue(groupKey, column ? by : QString());
    m_groups->setVisible(column.has_value());
    if (!column)
        m_groups->setGroups({}, {});
    if (column != m_model->grouping())
        m_model->setGrouping(column);
}

void CacheView::restoreGrouping()
{
    if (m_settings)
        group(m_settings->value(groupKey).toString());
}

void CacheView::connectSchemaScan()
{
    connect(m_schemaScan, &SchemaScan::found, this, [this](const SchemaFindings& findings) {
        if (findings.checked < findings.asked)
            m_selectionBar->showWork(tr("Checking answers"), findings.checked, findings.asked);
        m_model->setInvalid(findings.fit, false);
        QStringList misses;
        for (const SchemaMiss& miss : findings.doNotFit)
            misses += miss.fingerprint;
        m_model->setInvalid(misses, true);
    });
    connect(m_schemaScan, &SchemaScan::forgotten, this, [this](const QStringList& fingerprints) {
        m_model->setInvalid(fingerprints, false);
        m_shownCheck->start();
    });
    m_shownCheck->setSingleShot(true);
    m_shownCheck->setInterval(shownCheckDelay);
    connect(m_shownCheck, &QTimer::timeout, this, &CacheView::checkShown);
    connect(
        m_table->verticalScrollBar(), &QScrollBar::valueChanged, m_shownCheck, qOverload<>(&QTimer::start));
    connect(m_model, &EntryTableModel::arranged, this, [this] {
        if (!m_shownCheck->isActive()) // rows come all the time while a scan goes on
            m_shownCheck->start();
    });
    connect(m_schemaScan, &SchemaScan::finished, this, [this](const QString& problem) {
        m_selectionBar->endWork();
        const SchemaFindings& findings = m_schemaScan->findings();
        if (!problem.isEmpty())
            m_banner->showProblem(tr("Not all answers could be checked: %1").arg(problem), {});
        Q_EMIT notice(findings.invalid == 0
                ? tr("Checked %1: all fit their schemas")
                      .arg(format::counted(findings.checked, tr("answer"), tr("answers")))
                : tr("Checked %1: %2 do not fit, marked ✕")
                      .arg(format::counted(findings.checked, tr("answer"), tr("answers")),
                          format::count(findings.invalid)),
            {}, {});
    });
    connect(m_schemaScan, &SchemaScan::activeChanged, this, &View::activeTasksChanged);
}

void CacheView::checkSchemas()
{
    if (!m_session || m_schemaScan->isRunning() || m_schemaList.isRunning())
        return;
    std::vector<RowRun> rows = m_table->selectedRuns();
    if (countOf(rows) < 2)
        rows = {{0, m_model->rowCount() - 1}};
    m_schemaList.start(
        [make = m_model->targetsMaker(rows)](const std::stop_token&) {
            QStringList fingerprints;
            for (const BulkTarget& target : make())
                fingerprints += target.fingerprint;
            return fingerprints;
        },
        [this](const QStringList& fingerprints) { m_schemaScan->start(fingerprints); });
}

void CacheView::checkShown()
{
    if (!m_session || !isVisible() || !m_table->isColumnShown(EntryColumn::Flags))
        return;
    std::vector<EntryMeta> shown;
    const RowRun rows = visibleRows();
    for (int row = rows.first; row <= rows.last; ++row)
        shown.push_back(m_model->metaAt(row));
    m_schemaScan->checkShown(shown);
}

QString CacheView::obstacle() const
{
    return m_session && m_session->isReadOnly()
        ? tr("This connection is read-only: entries can be looked at and exported, not changed.")
        : QString();
}

} // namespace llmcache::ui
