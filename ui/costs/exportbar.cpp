#include "costs/exportbar.h"

#include "costs/callsexport.h"
#include "theme/theme.h"
#include "widgets/controls.h"
#include "widgets/format.h"

#include <QFileInfo>
#include <QHBoxLayout>
#include <QPointer>
#include <QProgressBar>

namespace llmcache::ui {

ExportBar::ExportBar(const Theme* theme, QWidget* parent)
    : QFrame(parent)
    , m_text(makeLabel({}, Tone::Secondary))
    , m_progress(new QProgressBar)
{
    setProperty("surface", QStringLiteral("panel"));
    setObjectName(QStringLiteral("export bar"));
    auto* cancel = secondaryButton(tr("Cancel"));
    cancel->setObjectName(QStringLiteral("cancel export"));
    m_progress->setTextVisible(false);
    m_progress->setFixedSize(160, 4);
    m_progress->setAccessibleName(tr("Progress of the export"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(16, 6, 16, 6);
    row->setSpacing(12);
    row->addWidget(m_text);
    row->addWidget(m_progress);
    row->addStretch(1);
    row->addWidget(cancel);
    setFixedHeight(theme->controlHeight() + 13);
    connect(cancel, &QPushButton::clicked, this, &ExportBar::stopTasks);
    hide();
}

void ExportBar::start(Session* session, const CallSelection& selection, const CallScope& scope,
    const QByteArray& timeZone, const QString& path, qint64 expected)
{
    m_tasks.stop();
    const QString name = QFileInfo(path).fileName();
    const auto showProgress = [bar = QPointer<ExportBar>(this), name, expected](qint64 done) {
        if (!bar)
            return;
        bar->m_text->setText(tr("Writing %1: %2 of %3 calls")
                                 .arg(name, format::count(done), format::count(std::max(done, expected))));
        constexpr int steps = 1000;
        bar->m_progress->setRange(0, steps);
        bar->m_progress->setValue(
            expected > 0 ? static_cast<int>(std::min<qint64>(steps, steps * done / expected)) : 0);
    };
    showProgress(0);
    show();
    m_tasks.run(
        [session, selection, scope, timeZone, path, showProgress](std::stop_token stop) {
            return exportCalls(
                session, selection, timeZone, path, [scope](const Call& call) { return scope.accepts(call); },
                showProgress, stop);
        },
        [this, name](qint64 count) {
            hide();
            Q_EMIT finished(
                tr("Wrote %1 into %2").arg(format::counted(count, tr("call"), tr("calls")), name));
        },
        [this](const Failure& failure) {
            hide();
            if (!failure.cancelled())
                Q_EMIT failed(failure.message, failure.remedy);
        });
}

} // namespace llmcache::ui
