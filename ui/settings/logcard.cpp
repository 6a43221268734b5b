#include "settings/logcard.h"

#include "base/redact.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QPlainTextEdit>
#include <QScrollBar>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

using namespace std::chrono_literals;

constexpr std::array leastLevels{LogBook::Level::Detail, LogBook::Level::Warning, LogBook::Level::Error};
constexpr std::size_t reported = 200;

} // namespace

LogCard::LogCard(const LogBook* log, std::function<QString()> diagnostics, QWidget* parent)
    : Card(tr("Log"), parent)
    , m_log(log)
    , m_diagnostics(std::move(diagnostics))
    , m_level(new SegmentedControl)
    , m_text(new QPlainTextEdit)
{
    for (const QString& text : {tr("All"), tr("Warnings"), tr("Errors")})
        m_level->addSegment(text);
    m_level->setAccessibleName(tr("Level"));
    auto* copy = secondaryButton(tr("Copy diagnostics"));
    copy->setObjectName(QStringLiteral("copy diagnostics"));
    headingRow()->addStretch();
    headingRow()->addWidget(m_level);
    headingRow()->addWidget(copy);
    auto* about = makeLabel(tr("Kept in memory until the program ends; passwords and keys are masked. Copy "
                               "diagnostics for a report: versions, store, settings and these lines."),
        Tone::Secondary);
    about->setWordWrap(true);
    m_text->setReadOnly(true);
    m_text->setProperty("code", true);
    m_text->setObjectName(QStringLiteral("log"));
    m_text->setAccessibleName(tr("Log"));
    m_text->setFont(codeFont(11));
    m_text->setMinimumHeight(360);
    m_text->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_text->setMaximumBlockCount(static_cast<int>(LogBook::capacity));
    m_text->setPlaceholderText(tr("Nothing yet. Connections, runs and what goes wrong are logged here."));
    body()->setSpacing(12);
    body()->addWidget(about);
    body()->addWidget(m_text, 1);
    m_soon.setSingleShot(true);
    m_soon.setInterval(100ms);
    connect(&m_soon, &QTimer::timeout, this, &LogCard::show);
    connect(m_level, &SegmentedControl::currentChanged, this, &LogCard::show);
    connect(
        m_log, &LogBook::added, this,
        [this] {
            if (!m_soon.isActive())
                m_soon.start();
        },
        Qt::QueuedConnection);
    connect(copy, &QPushButton::clicked, this, [this] {
        QGuiApplication::clipboard()->setText(report());
        Q_EMIT notice(tr("The diagnostics are copied"));
    });
    show();
}

void LogCard::show()
{
    const LogBook::Level least = leastLevels.at(static_cast<std::size_t>(m_level->currentIndex()));
    QStringList lines;
    for (const LogBook::Line& line : m_log->lines()) {
        if (line.level < least)
            continue;
        const QString time =
            QDateTime::fromMSecsSinceEpoch(line.timeMs).toString(QStringLiteral("HH:mm:ss.zzz"));
        lines.append(QStringLiteral("%1  %2  %3  %4")
                         .arg(time, logLevelName(line.level).leftJustified(7), line.category, line.text));
    }
    const QString text = lines.join(u'\n');
    if (text == m_text->toPlainText())
        return;
    m_text->setPlainText(text);
    m_text->verticalScrollBar()->setValue(m_text->verticalScrollBar()->maximum());
}

QString LogCard::report() const
{
    QStringList lines{redacted(m_diagnostics()), QString()};
    const auto all = m_log->lines();
    for (std::size_t at = all.size() > reported ? all.size() - reported : 0; at < all.size(); ++at)
        lines.append(logLineText(all[at]));
    return lines.join(u'\n');
}

} // namespace llmcache::ui
