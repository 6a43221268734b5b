#include "widgets/diffview.h"

#include "base/jsondiff.h"
#include "theme/theme.h"
#include "widgets/controls.h"
#include "widgets/elidedlabel.h"
#include "widgets/format.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QTextBlock>
#include <QTextEdit>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

/// Equal text beside a change that is still shown.
constexpr qsizetype contextLines = 3;
constexpr qsizetype contextLength = 400;

QString textOf(const Json& value)
{
    return value.is_string() ? toQString(value.get_ref<const std::string&>())
                             : QString::fromUtf8(toPrettyJsonText(value));
}

/// As much of a text's beginning as is context; the rest from its last lines.
qsizetype headLength(QStringView text)
{
    qsizetype at = 0;
    for (qsizetype line = 0; line < contextLines; ++line) {
        const qsizetype end = text.indexOf(u'\n', at);
        if (end < 0)
            return std::min(text.size(), contextLength);
        at = end + 1;
    }
    return std::min(at, contextLength);
}

qsizetype tailLength(QStringView text)
{
    qsizetype at = text.size();
    for (qsizetype line = 0; line <= contextLines; ++line) {
        const qsizetype end = at == 0 ? -1 : text.lastIndexOf(u'\n', at - 1);
        if (end < 0)
            return std::min(text.size(), contextLength);
        at = end;
    }
    return std::min(text.size() - at - 1, contextLength);
}

} // namespace

void addTextSection(
    std::vector<DiffSection>& sections, const QString& title, const QString& left, const QString& right)
{
    if (left != right)
        sections.push_back({title, diffTexts(left, right)});
}

void addJsonSections(
    std::vector<DiffSection>& sections, const QString& title, const Json& left, const Json& right)
{
    for (const JsonDifference& difference : diffJson(left, right)) {
        QString place = title;
        if (!difference.path.isEmpty())
            place = title.isEmpty() ? difference.path : title + QStringLiteral(" · ") + difference.path;
        DiffSection section{place, {}};
        switch (difference.kind) {
        case JsonDifference::Kind::Added:
            section.pieces.push_back({DiffKind::Added, textOf(difference.right)});
            break;
        case JsonDifference::Kind::Removed:
            section.pieces.push_back({DiffKind::Removed, textOf(difference.left)});
            break;
        case JsonDifference::Kind::Changed:
            if (difference.left.is_string() && difference.right.is_string())
                section.pieces = diffTexts(textOf(difference.left), textOf(difference.right));
            else
                section.pieces = {{DiffKind::Removed, textOf(difference.left)},
                    {DiffKind::Added, textOf(difference.right)}};
            break;
        }
        sections.push_back(std::move(section));
    }
}

DiffView::DiffView(const Theme* theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_left(new ElidedLabel(this, Qt::ElideMiddle))
    , m_right(new ElidedLabel(this, Qt::ElideMiddle))
    , m_count(makeLabel({}, Tone::Secondary, TextSize::Body, QFont::Normal, this))
    , m_previous(flatButton(tr("Previous"), this))
    , m_next(flatButton(tr("Next"), this))
    , m_text(new QTextEdit(this))
{
    m_previous->setObjectName(QStringLiteral("previousChange"));
    m_previous->setToolTip(tr("To the change before (Shift+F7)"));
    m_previous->setAccessibleName(tr("Previous change"));
    m_next->setObjectName(QStringLiteral("nextChange"));
    m_next->setToolTip(tr("To the next change (F7)"));
    m_next->setAccessibleName(tr("Next change"));
    m_count->setObjectName(QStringLiteral("changeCount"));
    m_text->setObjectName(QStringLiteral("diffText"));
    m_text->setAccessibleName(tr("Differences"));
    m_text->setProperty("code", true);
    m_text->setReadOnly(true);
    m_text->setUndoRedoEnabled(false);
    m_text->setTabChangesFocus(true);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_text->setFont(codeFont());
    m_text->document()->setDocumentMargin(10);
    setFocusProxy(m_text);
    m_text->installEventFilter(this);

    auto* sides = new QHBoxLayout;
    sides->setSpacing(8);
    sides->addWidget(m_left);
    sides->addWidget(makeLabel(QStringLiteral("→"), Tone::Secondary, TextSize::Body, QFont::Normal, this));
    sides->addWidget(m_right, 1);
    sides->addWidget(m_count);
    sides->addWidget(m_previous);
    sides->addWidget(m_next);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(8);
    layout->addLayout(sides);
    layout->addWidget(m_text, 1);
    connect(m_previous, &QPushButton::clicked, this, &DiffView::previousChange);
    connect(m_next, &QPushButton::clicked, this, &DiffView::nextChange);
    connect(theme, &Theme::changed, this, &DiffView::render);
    render();
}

void DiffView::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    // In a narrow pane what the sides are called needs the room.
    constexpr int roomy = 400;
    const bool isRoomy = width() >= roomy;
    m_previous->setText(isRoomy ? tr("Previous") : QStringLiteral("↑"));
    m_next->setText(isRoomy ? tr("Next") : QStringLiteral("↓"));
}

void DiffView::setSides(const QString& left, const QString& right)
{
    m_left->setText(left);
    m_right->setText(right);
}

void DiffView::setSections(std::vector<DiffSection> sections)
{
    m_sections = std::move(sections);
    render();
}

void DiffView::render()
{
    m_changes.clear();
    m_current = -1;
    m_text->clear();
    QTextCursor cursor(m_text->document());
    cursor.beginEditBlock();
    QTextCharFormat plain;
    QTextCharFormat note;
    note.setForeground(m_theme->color(Token::SecondaryText));
    QTextCharFormat title;
    title.setFont(textFont(TextSize::Body, QFont::DemiBold));
    QTextCharFormat removed;
    removed.setForeground(m_theme->color(Token::Error));
    removed.setBackground(m_theme->color(Token::ErrorBackground));
    removed.setFontStrikeOut(true);
    QTextCharFormat added;
    added.setForeground(m_theme->color(Token::Hit));
    added.setBackground(m_theme->color(Token::HitBackground));
    added.setFontUnderline(true);

    bool first = true;
    bool cut = false;
    const auto insert = [&](QStringView text, const QTextCharFormat& format) {
        const qsizetype room = mostShown - cursor.position();
        cut = cut || text.size() > room;
        cursor.insertText(text.left(std::max<qsizetype>(room, 0)).toString(), format);
    };
    const auto insertSame = [&](QStringView text, bool begins, bool ends) {
        const qsizetype head = begins ? 0 : headLength(text);
        const qsizetype tail = ends ? 0 : tailLength(text);
        if (head + tail >= text.size()) {
            insert(text, plain);
            return;
        }
        const QStringView left = text.sliced(head, text.size() - head - tail);
        insert(text.first(head), plain);
        const qint64 lines = left.count(u'\n');
        cursor.insertText((cursor.atBlockStart() ? QString() : QStringLiteral(" "))
                + (lines > 1 ? tr("⋯ %1 equal lines").arg(format::count(lines))
                             : tr("⋯ %1 equal characters").arg(format::count(left.size())))
                + (lines > 1 ? QStringLiteral("\n") : QStringLiteral(" ")),
            note);
        insert(text.last(tail), plain);
    };
    for (const DiffSection& section : m_sections) {
        if (cut)
            break;
        if (!std::exchange(first, false))
            cursor.insertText(QStringLiteral("\n\n"), plain);
        if (!section.title.isEmpty())
            cursor.insertText(section.title + QLatin1Char('\n'), title);
        for (std::size_t at = 0; at < section.pieces.size(); ++at) {
            const DiffPiece& piece = section.pieces[at];
            if (piece.kind == DiffKind::Same) {
                insertSame(piece.text, at == 0, at + 1 == section.pieces.size());
                continue;
            }
            // What was replaced and what by are one change.
            const bool continues = at > 0 && piece.kind == DiffKind::Added
                && section.pieces[at - 1].kind == DiffKind::Removed && !m_changes.empty();
            if (!continues)
                m_changes.push_back({cursor.position(), 0});
            else if (piece.text.contains(u'\n') || section.pieces[at - 1].text.contains(u'\n')) {
                if (!cursor.atBlockStart())
                    cursor.insertText(QStringLiteral("\n"), plain);
            }
            insert(piece.text, piece.kind == DiffKind::Removed ? removed : added);
            m_changes.back().to = cursor.position();
        }
    }
    if (cut)
        cursor.insertText(tr("\n\nThe first %1 characters are shown.").arg(format::count(mostShown)), note);
    if (m_sections.empty())
        cursor.insertText(tr("No differences"), note);
    cursor.endEditBlock();
    m_text->moveCursor(QTextCursor::Start);
    m_count->setText(
        m_changes.empty() ? tr("no changes") : format::counted(changeCount(), tr("change"), tr("changes")));
    m_previous->setEnabled(!m_changes.empty());
    m_next->setEnabled(!m_changes.empty());
}

void DiffView::step(int by)
{
    if (m_changes.empty())
        return;
    const int count = changeCount();
    m_current = m_current < 0 ? (by > 0 ? 0 : count - 1) : (m_current + by + count) % count;
    const Place& place = m_changes[static_cast<std::size_t>(m_current)];
    QTextCursor cursor(m_text->document());
    cursor.setPosition(place.from);
    cursor.setPosition(place.to, QTextCursor::KeepAnchor);
    m_text->setTextCursor(cursor);
    m_text->ensureCursorVisible();
    m_count->setText(
        tr("%1 of %2")
            .arg(format::count(m_current + 1), format::counted(count, tr("change"), tr("changes"))));
}

bool DiffView::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_text && event->type() == QEvent::KeyPress) {
        const auto* key = static_cast<QKeyEvent*>(event);
        if (key->key() == Qt::Key_F7 || key->key() == Qt::Key_N || key->key() == Qt::Key_P) {
            const bool back = key->key() == Qt::Key_P
                || (key->key() == Qt::Key_F7 && (key->modifiers() & Qt::ShiftModifier) != 0);
            step(back ? -1 : 1);
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace llmcache::ui
