#include "cache/filterfield.h"

#include "cache/filtercompletion.h"
#include "theme/theme.h"
#include "widgets/chip.h"
#include "widgets/controls.h"

#include <QCoreApplication>
#include <QInputMethodEvent>
#include <QKeyEvent>
#include <QLabel>
#include <QListView>
#include <QStringListModel>
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

/// The condition that a node is, also "is:pinned|human"; null for several.
const FilterTerm* conditionOf(const FilterNode& node)
{
    if (node.kind == FilterNode::Kind::Term)
        return &node.term;
    if (node.kind != FilterNode::Kind::Any || node.children.empty())
        return nullptr;
    const FilterTerm& first = node.children.front().term;
    const bool isOne = std::all_of(node.children.begin(), node.children.end(), [&](const FilterNode& child) {
        return child.kind == FilterNode::Kind::Term && child.term.offset == first.offset;
    });
    return isOne ? &first : nullptr;
}

} // namespace

FilterField::FilterField(const Theme* theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_field(new SearchField(theme, tr("Filter, such as  refund agent:triage cost>0.01 is:pinned"), this))
    , m_error(makeLabel({}, Tone::Error, TextSize::Small, QFont::Normal, this))
    , m_pause(new QTimer(this))
    , m_list(new QListView(this))
    , m_offers(new QStringListModel(this))
    , m_placeholder(m_field->placeholderText())
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
    // A tooltip's window takes no keyboard, so that one goes on typing.
    m_list->setWindowFlags(Qt::ToolTip);
    m_list->setObjectName(QStringLiteral("filterOffers"));
    m_list->setAccessibleName(tr("What may come next"));
    m_list->setFocusPolicy(Qt::NoFocus);
    m_list->setModel(m_offers);
    m_list->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_list->setUniformItemSizes(true);
    connect(m_list, &QListView::clicked, this,
        [this](const QModelIndex& index) { complete(index.data().toString()); });
    connect(m_field, &QLineEdit::textChanged, this, [this] { m_pause->start(); });
    connect(m_field, &QLineEdit::textEdited, this, [this] {
        const int cursor = m_field->cursorPosition();
        if (cursor > 0 && m_field->text().at(cursor - 1).isSpace()) {
            // What stands before an OR is no condition of its own after all.
            if (m_field->text() == QLatin1String("OR ") && !m_chips.isEmpty()) {
                editChip(static_cast<int>(m_chips.size()) - 1);
                m_field->end(false);
            } else {
                makeChips(cursor - 1);
            }
        }
        offer();
    });
    connect(m_field, &QLineEdit::returnPressed, this, [this] {
        m_list->hide();
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
    QStringList parts;
    for (const Chip* chip : m_chips)
        parts += chip->text();
    parts += isChoiceBesideChips() ? QLatin1Char('(') + m_field->text() + QLatin1Char(')') : m_field->text();
    return parts.join(QLatin1Char(' ')).trimmed();
}

bool FilterField::isChoiceBesideChips() const
{
    if (m_chips.isEmpty())
        return false;
    try {
        const EntryFilter typed = EntryFilter::parse(m_field->text(), QTimeZone::systemTimeZone(), m_nowMs);
        return typed.root().kind == FilterNode::Kind::Any && !conditionOf(typed.root());
    } catch (const FilterError&) {
        return false;
    }
}

void FilterField::setText(const QString& text)
{
    qDeleteAll(std::exchange(m_chips, {}));
    m_field->setText(text);
    makeChips(text.size());
    placeChips();
    apply();
}

qsizetype FilterField::chipLength() const
{
    qsizetype length = 0;
    for (const Chip* chip : m_chips)
        length += chip->text().size() + 1;
    return length + (isChoiceBesideChips() ? 1 : 0);
}

void FilterField::offer()
{
    const FilterCompletion completion = m_valuesOf
        ? completeFilter(m_field->text(), m_field->cursorPosition(), m_valuesOf)
        : FilterCompletion();
    m_offers->setStringList(completion.candidates);
    if (completion.candidates.isEmpty()) {
        m_list->hide();
        return;
    }
    constexpr int listWidth = 280;
    constexpr int frame = 4;
    const int left = std::max(0, m_field->inputMethodQuery(Qt::ImCursorRectangle).toRect().left() - 8);
    const auto rows = static_cast<int>(completion.candidates.size());
    m_list->setCurrentIndex({});
    m_list->setGeometry(QRect(m_field->mapToGlobal(QPoint(left, m_field->height() + 2)),
        QSize(listWidth, rows * std::max(1, m_list->sizeHintForRow(0)) + frame)));
    m_list->show();
}

void FilterField::complete(const QString& candidate)
{
    const FilterCompletion completion =
        completeFilter(m_field->text(), m_field->cursorPosition(), m_valuesOf);
    QString text = m_field->text();
    text.replace(completion.from, completion.length, candidate);
    qsizetype cursor = completion.from + candidate.size();
    const bool isField = candidate.endsWith(u':') || candidate.endsWith(u'>');
    m_field->setText(text);
    m_field->setCursorPosition(static_cast<int>(cursor));
    m_list->hide();
    if (!isField)
        makeChips(cursor);
    else
        offer(); // its values
}

void FilterField::makeChips(qsizetype end)
{
    const QString text = m_field->text();
    EntryFilter filter;
    try {
        filter = EntryFilter::parse(text, QTimeZone::systemTimeZone(), m_nowMs);
    } catch (const FilterError&) {
        return;
    }
    // Conditions side by side; those of an OR or in parentheses stay text.
    const std::vector<FilterNode> nodes = filter.root().kind == FilterNode::Kind::All
        ? filter.root().children
        : std::vector<FilterNode>{filter.root()};
    struct Span {
        qsizetype from;
        qsizetype length;
    };
    std::vector<Span> spans;
    for (const FilterNode& node : nodes) {
        const bool isNot = node.kind == FilterNode::Kind::Not && node.children.size() == 1;
        const FilterTerm* const term = conditionOf(isNot ? node.children.front() : node);
        if (!term || term->field == FilterTerm::Field::Words)
            continue;
        qsizetype from = term->offset;
        if (isNot && from > 0 && text.at(from - 1) == u'-')
            --from;
        const qsizetype to = term->offset + term->length;
        const bool isAlone =
            (from == 0 || text.at(from - 1).isSpace()) && (to == text.size() || text.at(to).isSpace());
        if (isAlone && to <= end)
            spans.push_back({from, to - from});
    }
    if (spans.empty())
        return;
    QString left = text;
    for (const Span& span : spans)
        addChip(text.mid(span.from, span.length));
    for (auto span = spans.rbegin(); span != spans.rend(); ++span)
        left.remove(span->from, span->length);
    const bool endsWithSpace = left.endsWith(u' ');
    left = left.simplified();
    m_field->setText(endsWithSpace && !left.isEmpty() ? left + u' ' : left);
    placeChips();
}

void FilterField::addChip(const QString& condition)
{
    auto* chip = new Chip(m_theme, condition, true, m_field);
    chip->setAccessibleName(tr("Condition %1").arg(condition));
    chip->setCursor(Qt::ArrowCursor);
    m_chips.append(chip);
    // Queued: the chip that asks goes away.
    connect(
        chip, &Chip::removeRequested, this,
        [this, chip] { removeChip(static_cast<int>(m_chips.indexOf(chip))); }, Qt::QueuedConnection);
    connect(
        chip, &Chip::activated, this, [this, chip] { editChip(static_cast<int>(m_chips.indexOf(chip))); },
        Qt::QueuedConnection);
}

void FilterField::removeChip(int index)
{
    if (index < 0 || index >= m_chips.size())
        return;
    delete m_chips.takeAt(index);
    placeChips();
    m_field->setFocus();
    apply();
}

void FilterField::editChip(int index)
{
    if (index < 0 || index >= m_chips.size())
        return;
    const QString condition = m_chips.at(index)->text();
    delete m_chips.takeAt(index);
    const QString rest = m_field->text();
    m_field->setText(rest.isEmpty() ? condition : condition + u' ' + rest);
    m_field->setCursorPosition(static_cast<int>(condition.size()));
    placeChips();
    m_field->setFocus();
}

void FilterField::placeChips()
{
    constexpr int iconWidth = 30;
    constexpr int gap = 4;
    constexpr int leastText = 160;
    const auto count = static_cast<int>(m_chips.size());
    const int room = std::max(0, m_field->width() - leastText - iconWidth);
    int wanted = 0;
    for (const Chip* chip : std::as_const(m_chips))
        wanted += chip->sizeHint().width() + gap;
    // Where there are too many all of them become narrower, so that there is always room to type.
    const int widest = wanted <= room || count == 0 ? std::numeric_limits<int>::max() : room / count - gap;
    int x = iconWidth;
    for (Chip* chip : std::as_const(m_chips)) {
        const QSize size = chip->sizeHint();
        const int height = std::min(size.height(), m_field->height() - 6);
        chip->setGeometry(x, (m_field->height() - height) / 2, std::min(size.width(), widest), height);
        chip->show();
        x += chip->width() + gap;
    }
    m_field->setTextMargins(count > 0 ? x - iconWidth : 0, 0, 0, 0);
    m_field->setPlaceholderText(count > 0 ? QString() : m_placeholder);
}

void FilterField::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    placeChips();
}

void FilterField::moveOffer(int by)
{
    const int rows = m_offers->rowCount();
    const int row = m_list->currentIndex().row();
    const int next = row < 0 ? (by > 0 ? 0 : rows - 1) : (row + by + rows) % rows;
    m_list->setCurrentIndex(m_offers->index(next));
}

bool FilterField::handleOfferKey(QKeyEvent* key)
{
    switch (key->key()) {
    case Qt::Key_Down:
        moveOffer(1);
        return true;
    case Qt::Key_Up:
        moveOffer(-1);
        return true;
    case Qt::Key_Tab:
        if (!m_list->currentIndex().isValid())
            moveOffer(1);
        complete(m_list->currentIndex().data().toString());
        return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (!m_list->currentIndex().isValid())
            return false;
        complete(m_list->currentIndex().data().toString());
        return true;
    case Qt::Key_Escape:
        m_list->hide();
        return true;
    default:
        return false;
    }
}

bool FilterField::handleKey(QKeyEvent* key)
{
    if (m_list->isVisible() && handleOfferKey(key))
        return true;
    switch (key->key()) {
    case Qt::Key_Down:
        Q_EMIT leftDownwards();
        return true;
    case Qt::Key_Backspace:
        if (m_field->cursorPosition() != 0 || m_field->hasSelectedText() || m_chips.isEmpty())
            return false;
        editChip(static_cast<int>(m_chips.size()) - 1);
        return true;
    case Qt::Key_Escape:
        if (m_chips.isEmpty())
            return false;
        clear(); // chips and text at once
        return true;
    default:
        return false;
    }
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
    if (watched == m_field && event->type() == QEvent::KeyPress)
        return handleKey(static_cast<QKeyEvent*>(event));
    if (watched == m_field && event->type() == QEvent::Resize)
        placeChips();
    if (watched == m_field && (event->type() == QEvent::FocusOut || event->type() == QEvent::Hide))
        m_list->hide();
    return QWidget::eventFilter(watched, event);
}

void FilterField::apply()
{
    m_pause->stop();
    const QString text = this->text();
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
            + m_field->fontMetrics().horizontalAdvance(m_field->text().left(error->offset() - chipLength()))
            + 8
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
    const int chips = static_cast<int>(chipLength());
    if (filter) {
        QList<std::pair<int, int>> places;
        collectFields(filter->root(), places);
        for (const auto& [offset, length] : places) {
            if (offset >= chips)
                tint(offset - chips, length, Token::AccentText, Token::Selection);
        }
    }
    if (error)
        tint(static_cast<int>(error->offset()) - chips, static_cast<int>(error->length()), Token::Error,
            Token::ErrorBackground);
    // QLineEdit has no formats of its own, but shows those of an input method that composes nothing.
    QInputMethodEvent event(QString(), attributes);
    const QSignalBlocker blocker(m_field);
    QCoreApplication::sendEvent(m_field, &event);
}

} // namespace llmcache::ui
