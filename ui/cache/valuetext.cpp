#include "cache/valuetext.h"

#include "theme/type.h"
#include "widgets/controls.h"
#include "widgets/format.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QPlainTextEdit>
#include <QTimer>

namespace llmcache::ui {

namespace {

/// A line is laid out as a whole: beyond this length it is broken, or one long string would take seconds.
constexpr qsizetype longestLine = 2'000;
constexpr qsizetype pieceLength = 50'000;

/// The text with its overlong lines broken.
QString broken(QStringView text)
{
    QString result;
    result.reserve(text.size() + text.size() / longestLine);
    qsizetype lineStart = 0;
    for (qsizetype at = 0; at < text.size(); ++at) {
        if (text[at] == QLatin1Char('\n')) {
            lineStart = at + 1;
        } else if (at - lineStart >= longestLine && !text[at].isLowSurrogate()) {
            result += QLatin1Char('\n');
            lineStart = at;
        }
        result += text[at];
    }
    return result;
}

} // namespace

ValueText::ValueText(const Theme* theme, const QString& name, QWidget* parent)
    : QWidget(parent)
    , m_view(new CodeView(theme, Syntax::None, this))
    , m_all(new QPlainTextEdit(this))
    , m_notice(new QWidget(this))
    , m_noticeText(makeLabel({}, Tone::Secondary, TextSize::Small, QFont::Normal, m_notice))
    , m_showAll(flatButton(tr("Show all"), m_notice))
    , m_copyAll(flatButton(tr("Copy all"), m_notice))
    , m_loader(new QTimer(this))
{
    m_view->setAccessibleName(name);
    m_all->setAccessibleName(name);
    m_all->setReadOnly(true);
    m_all->setTabChangesFocus(true);
    m_all->setFont(codeFont());
    m_all->setUndoRedoEnabled(false);
    m_all->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_all->hide();
    m_showAll->setObjectName(QStringLiteral("showAll"));
    m_copyAll->setObjectName(QStringLiteral("copyAll"));
    auto* noticeLayout = new QHBoxLayout(m_notice);
    noticeLayout->setContentsMargins(0, 0, 0, 0);
    noticeLayout->setSpacing(4);
    noticeLayout->addWidget(m_noticeText, 1);
    noticeLayout->addWidget(m_showAll);
    noticeLayout->addWidget(m_copyAll);
    m_notice->hide();
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(4);
    layout->addWidget(m_view, 1);
    layout->addWidget(m_all, 1);
    layout->addWidget(m_notice);
    setFocusProxy(m_view);

    m_loader->setInterval(0);
    connect(m_loader, &QTimer::timeout, this, &ValueText::loadMore);
    connect(m_showAll, &QPushButton::clicked, this, &ValueText::showAll);
    connect(m_copyAll, &QPushButton::clicked, this, [this] { QApplication::clipboard()->setText(m_text); });
}

void ValueText::setText(const QString& text, Syntax syntax)
{
    if (text == m_text && !text.isEmpty())
        return; // also a long one that the user has loaded and scrolled
    m_loader->stop();
    m_text = text;
    m_loaded = 0;
    m_all->clear();
    m_all->hide();
    m_view->show();
    setFocusProxy(m_view);
    m_view->setSyntax(syntax);
    m_view->setText(broken(QStringView(text).left(shortLength)));
    refreshNotice();
}

bool ValueText::isShortened() const
{
    return m_text.size() > shortLength && m_loaded < m_text.size();
}

QString ValueText::shownText() const
{
    return m_all->isHidden() ? m_view->text() : m_all->toPlainText();
}

void ValueText::showAll()
{
    m_loaded = 0;
    m_all->show();
    m_view->hide();
    setFocusProxy(m_all);
    m_all->setFocus();
    m_loader->start();
    refreshNotice();
}

void ValueText::loadMore()
{
    // A piece ends with a line where it can: the next one begins a new block.
    qsizetype length = std::min(pieceLength, m_text.size() - m_loaded);
    bool lineEnds = false;
    if (m_loaded + length < m_text.size()) {
        const auto end = QStringView(m_text).mid(m_loaded, length).lastIndexOf(QLatin1Char('\n'));
        lineEnds = end >= 0;
        if (lineEnds)
            length = end;
        else if (m_text.at(m_loaded + length).isLowSurrogate())
            --length;
    }
    m_all->appendPlainText(broken(QStringView(m_text).mid(m_loaded, length)));
    m_loaded += length + (lineEnds ? 1 : 0);
    if (m_loaded >= m_text.size())
        m_loader->stop();
    refreshNotice();
}

void ValueText::refreshNotice()
{
    const bool large = m_text.size() > shortLength;
    m_notice->setVisible(large);
    if (!large)
        return;
    const QString size = format::count(m_text.size());
    m_showAll->setVisible(m_all->isHidden());
    if (m_all->isHidden())
        m_noticeText->setText(tr("The first %1 of %2 characters").arg(format::count(shortLength), size));
    else if (m_loader->isActive())
        m_noticeText->setText(tr("Loaded %1 of %2 characters").arg(format::count(m_loaded), size));
    else
        m_noticeText->setText(tr("%1 characters; overlong lines are broken here, not in the copy").arg(size));
}

} // namespace llmcache::ui
