#include "cache/filterfield.h"

#include "theme/theme.h"
#include "widgets/controls.h"

#include <QCoreApplication>
#include <QInputMethodEvent>
#include <QKeyEvent>
#include <QLabel>
#include <QTextCharFormat>
#include <QTimer>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

/// Long enough not to filter in the middle of a word, short enough to feel immediate.
constexpr std::chrono::milliseconds pause{120};

void collectFields(const FilterNode& node, QList<std::pair<int, int>>& places)
{
    if (node.kind == FilterNode::Kind::Term && node.term.field != FilterTerm::Field::Words)
        places << std::pair(static_cast<int>(node.term.offset), static_cast<int>(node.term.length));
    for (const FilterNode& child : node.children)
        collectFields(child, places);
}

} // namespace

FilterField::FilterField(const Theme* theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_field(new SearchField(theme, tr("Filter, such as  refund agent:triage cost>0.01 is:pinned"), this))
    , m_error(makeLabel({}, Tone::Error, TextSize::Small, QFont::Normal, this))
    , m_pause(new QTimer(this))
{
    m_field->setObjectName(QStringLiteral("filterField"));
    m_field->setAccessibleName(tr("Filter"));
    m_field->setKeyHint(tr("Ctrl F"));
    m_field->setToolTip(
        tr("<p>Words are looked for in agent, task, model and the beginnings of prompt and answer, "
           "<code>text:</code> in whole prompts and answers. Conditions:</p>"
           "<p><code>model: agent: task: author: tag:</code> part of the text, "
           "<code>=</code> all of it<br/>"
           "<code>cost&gt;0.01 saved&gt;1 tokens&gt;2k size&gt;10kb hits=0</code><br/>"
           "<code>age&gt;3d ttl&lt;12h created:2026-11-01..2026-11-07 used&lt;2026-11</code><br/>"
           "<code>is:%1</code></p>"
           "<p><code>-</code> leaves out, <code>OR</code>, parentheses, \"exact words\"</p>")
            .arg(EntryFilter::propertyNames().join(QLatin1Char('|'))));
    m_field->installEventFilter(this);
    m_error->setObjectName(QStringLiteral("filterError"));
    m_error->setWordWrap(true);
    m_error->hide();
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(4);
    layout->addWidget(m_field);
    layout->addWidget(m_error);
    setFocusProxy(m_field);

    m_pause->setSingleShot(true);
    m_pause->setInterval(pause);
    connect(m_pause, &QTimer::timeout, this, &FilterField::apply);
    connect(m_field, &QLineEdit::textChanged, this, [this] { m_pause->start(); });
    connect(m_field, &QLineEdit::returnPressed, this, [this] {
        apply();
        if (!hasError())
            Q_EMIT leftDownwards();
    });
    connect(theme, &Theme::changed, this, [this] {
        m_everApplied = false;
        apply();
    });
}

QString FilterField::text() const
{
    return m_field->text();
}

void FilterField::setText(const QString& text)
{
    m_field->setText(text);
    apply();
}

bool FilterField::hasError() const
{
    return !m_error->isHidden();
}

void FilterField::focusField()
{
    m_field->setFocus(Qt::ShortcutFocusReason);
    m_field->selectAll();
}

bool FilterField::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_field && event->type() == QEvent::KeyPress
        && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Down) {
        Q_EMIT leftDownwards();
        return true;
    }
    return QWidget::eventFilter(watched, event);
}

void FilterField::apply()
{
    m_pause->stop();
    const QString text = m_field->text();
    if (m_everApplied && text == m_applied)
        return;
    m_applied = text;
    m_everApplied = true;
    try {
        const EntryFilter filter = EntryFilter::parse(text, QTimeZone::systemTimeZone(), m_nowMs);
        showError(nullptr);
        colour(&filter, nullptr);
        Q_EMIT filterChanged(filter);
    } catch (const FilterError& error) {
        showError(&error);
        colour(nullptr, &error);
    }
}

void FilterField::showError(const FilterError* error)
{
    setStyleProperty(m_field, "invalid", error != nullptr);
    m_error->setVisible(error != nullptr);
    m_error->setText(error ? error->text() : QString());
    // The message starts under the character that it is about, as far as there is room for it.
    const int left = error ? m_field->textMargins().left()
            + m_field->fontMetrics().horizontalAdvance(m_field->text().left(error->offset())) + 8
                           : 0;
    m_error->setIndent(std::min(left, width() / 2));
    m_field->setAccessibleDescription(m_error->text());
}

void FilterField::colour(const EntryFilter* filter, const FilterError* error)
{
    QList<QInputMethodEvent::Attribute> attributes;
    const auto tint = [&](int offset, int length, Token text, Token background) {
        QTextCharFormat format;
        format.setForeground(m_theme->color(text));
        format.setBackground(m_theme->color(background));
        // Places count from the cursor here.
        attributes << QInputMethodEvent::Attribute(
            QInputMethodEvent::TextFormat, offset - m_field->cursorPosition(), length, format);
    };
    if (filter) {
        QList<std::pair<int, int>> places;
        collectFields(filter->root(), places);
        for (const auto& [offset, length] : places)
            tint(offset, length, Token::AccentText, Token::Selection);
    }
    if (error)
        tint(static_cast<int>(error->offset()), static_cast<int>(error->length()), Token::Error,
            Token::ErrorBackground);
    // QLineEdit has no formats of its own, but shows those of an input method that composes nothing.
    QInputMethodEvent event(QString(), attributes);
    const QSignalBlocker blocker(m_field);
    QCoreApplication::sendEvent(m_field, &event);
}

} // namespace llmcache::ui
